import Synchronization
import Tenancy

/// This fetch was slow and made way for others. It continues later.
struct FetchYielded: Error {}

/// Watches the speed of a worker's fetches, so that slow sources do not keep all its slots for long.
///
/// A fetch has a minute to show its speed. After that, a slow one makes way if others wait and no slot is free: first those that can be resumed,
/// then the youngest. A few slow ones always stay, the oldest, because a source that cannot be resumed would otherwise never be complete. The
/// time limits of a download end those. A fetch that made way waits for its turn like a new one.
package final class FetchPace: Sendable {
    package struct Terms: Sendable {
        /// How long a fetch may be slow at its beginning.
        package var trial = Duration.seconds(60)
        /// The period over which the speed is measured.
        package var span = Duration.seconds(60)
        /// A slower fetch is slow.
        package var bytesASecond: Int64 = 64 << 10
        /// After this time, `bytesASecondOfLong` is the limit.
        package var longTrial = Duration.seconds(600)
        package var bytesASecondOfLong: Int64 = 1 << 20

        package init() {}
    }

    private struct Entry {
        let tenant: TenantID
        let progress: FetchProgress
        let begun: ContinuousClock.Instant
        /// How many bytes there were at which time, for the last `span`.
        var marks: [(at: ContinuousClock.Instant, bytes: Int64)]
        var hasYielded = false
    }

    /// How often the bytes are counted within `span`.
    private static let markInterval = 12

    private let terms: Terms
    private let now: @Sendable () -> ContinuousClock.Instant
    private let entries = Mutex<[Int64: Entry]>([:])

    package init(terms: Terms = Terms(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.terms = terms
        self.now = now
    }

    /// Runs a fetch and watches its speed. Throws ``FetchYielded`` if `body` was stopped to make way for others.
    package func watch<Value>(
        _ claim: ClaimedTask, _ body: (FetchProgress) async throws -> Value
    ) async throws -> Value {
        let progress = FetchProgress()
        entries.withLock { [now] entries in
            entries[claim.fence] = Entry(
                tenant: claim.tenant, progress: progress, begun: now(), marks: [(now(), 0)])
        }
        defer { entries.withLock { $0[claim.fence] = nil } }
        do {
            return try await body(progress)
        } catch let failure as JobFailure {
            throw failure
        } catch {
            throw entries.withLock { $0[claim.fence]?.hasYielded } == true ? FetchYielded() : error
        }
    }

    /// Chooses the fetches that must make way now. The caller stops them.
    ///
    /// - Parameters:
    ///   - waiting: how many tenants wait for a slot.
    ///   - places: the worker's slots for fetches.
    /// - Returns: the fences of their claims.
    package func makingWay(for waiting: Int, places: Int) -> Set<Int64> {
        entries.withLock { entries in
            mark(&entries)
            // Those that were chosen before will soon leave their slots.
            let leaving = entries.values.count { $0.hasYielded }
            let slow = entries.filter { !$0.value.hasYielded && isSlow($0.value) }
            var chosen = Self.chosen(of: slow, waiting - leaving, keeping: places / 4)
            // Fetches through yt-dlp have fewer slots, for which they also wait in line.
            let pagesWaiting = Set(entries.values.filter { $0.progress.stage == .waitingForPage }.map(\.tenant)).count
            let pagesLeaving = entries.filter {
                ($0.value.hasYielded || chosen.contains($0.key)) && $0.value.progress.stage == .page
            }
            let pages = slow.filter { $0.value.progress.stage == .page && !chosen.contains($0.key) }
            chosen.formUnion(Self.chosen(of: pages, pagesWaiting - pagesLeaving.count, keeping: places / 8))
            for fence in chosen { entries[fence]?.hasYielded = true }
            return chosen
        }
    }

    /// Whether any fetch is slow. Otherwise nobody needs to check who is waiting.
    package var hasSlow: Bool {
        entries.withLock { entries in
            mark(&entries)
            return entries.values.contains { !$0.hasYielded && isSlow($0) }
        }
    }

    private static func chosen(of slow: [Int64: Entry], _ count: Int, keeping kept: Int) -> Set<Int64> {
        let order = slow.map { (fence: $0.key, canGoOn: $0.value.progress.canGoOn, begun: $0.value.begun) }
            .sorted { $0.canGoOn == $1.canGoOn ? $0.begun > $1.begun : $0.canGoOn }
        return Set(order.prefix(max(0, min(count, order.count - kept))).map(\.fence))
    }

    private func mark(_ entries: inout [Int64: Entry]) {
        let now = now()
        for fence in Array(entries.keys) {
            guard var entry = entries[fence], let last = entry.marks.last,
                now - last.at >= terms.span / Self.markInterval
            else { continue }
            entry.marks.append((now, entry.progress.bytes))
            // The first mark stays at least as old as the span.
            while entry.marks.count > 2, now - entry.marks[1].at >= terms.span { entry.marks.removeFirst() }
            entries[fence] = entry
        }
    }

    private func isSlow(_ entry: Entry) -> Bool {
        let age = now() - entry.begun
        guard age >= terms.trial, let first = entry.marks.first, let last = entry.marks.last else { return false }
        let rate = age >= terms.longTrial ? terms.bytesASecondOfLong : terms.bytesASecond
        return Double(last.bytes - first.bytes) < Double(rate) * ((last.at - first.at) / .seconds(1))
    }
}

/// The progress of a fetch, for ``FetchPace``.
package final class FetchProgress: Sendable {
    package enum Stage: Sendable {
        /// Downloads a file directly.
        case plain
        /// Waits for a slot of yt-dlp.
        case waitingForPage
        /// Downloads through yt-dlp.
        case page
    }

    private struct State {
        var stage = Stage.plain
        var bytes: @Sendable () -> Int64 = { 0 }
        var canGoOn: @Sendable () -> Bool = { true }
    }

    private let state = Mutex(State())

    package init() {}

    package var stage: Stage { state.withLock { $0.stage } }
    /// How many bytes of the source are on this machine.
    package var bytes: Int64 { state.withLock { $0.bytes }() }
    /// Whether a later claim could resume the download.
    package var canGoOn: Bool { state.withLock { $0.canGoOn }() }

    /// Enters a stage.
    ///
    /// - Parameters:
    ///   - bytes: called now and then, on any thread.
    ///   - canGoOn: the same.
    package func enter(
        _ stage: Stage, bytes: @escaping @Sendable () -> Int64, canGoOn: @escaping @Sendable () -> Bool
    ) {
        state.withLock { $0 = State(stage: stage, bytes: bytes, canGoOn: canGoOn) }
    }
}
