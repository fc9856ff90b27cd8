import Synchronization
import Tenancy

/// This fetch was slow while others waited for its place. It goes on later.
struct FetchYielded: Error {}

/// How the fetches of one worker get on, so that slow sources keep its places from nobody for long.
///
/// A fetch has a minute to show its pace. One that is slow then makes way when others wait and no place is free: first those that can go
/// on where they are, then the youngest. So many slow ones stay, the oldest, since a source that serves no parts would never come whole
/// otherwise; those are bounded by the clocks of a download. Who made way is no worse off than who just came: it waits for its turn.
package final class FetchPace: Sendable {
    package struct Terms: Sendable {
        /// In which nothing is held against a fetch.
        package var trial = Duration.seconds(60)
        /// What a fetch must bring in so long a time to count as fast …
        package var span = Duration.seconds(60)
        package var bytesASecond: Int64 = 64 << 10
        /// … and from then on.
        package var longTrial = Duration.seconds(600)
        package var bytesASecondOfLong: Int64 = 1 << 20

        package init() {}
    }

    private struct Entry {
        let tenant: TenantID
        let progress: FetchProgress
        let begun: ContinuousClock.Instant
        /// How much there was when: from `span` ago on.
        var marks: [(at: ContinuousClock.Instant, bytes: Int64)]
        var hasYielded = false
    }

    /// How often its bytes are counted.
    private static let markInterval = 12

    private let terms: Terms
    private let now: @Sendable () -> ContinuousClock.Instant
    private let entries = Mutex<[Int64: Entry]>([:])

    package init(terms: Terms = Terms(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.terms = terms
        self.now = now
    }

    /// Runs a fetch of that claim's, and watches it. Throws ``FetchYielded`` where `body` was stopped for others.
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

    /// The claims of those that are to make way now, and to be stopped by the caller.
    ///
    /// - Parameters:
    ///   - waiting: tenants that wait for a place, and get none.
    ///   - places: of the worker.
    package func makingWay(for waiting: Int, places: Int) -> Set<Int64> {
        entries.withLock { entries in
            mark(&entries)
            // Who has been told leaves as many places as were asked for, soon.
            let leaving = entries.values.count { $0.hasYielded }
            let slow = entries.filter { !$0.value.hasYielded && isSlow($0.value) }
            var chosen = Self.chosen(of: slow, waiting - leaving, keeping: places / 4)
            // Those of yt-dlp have fewer places, and wait for each other beside the others.
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

    /// Whether any is slow: else nobody need be asked who waits.
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
            // The first of them is as old as the span, or older.
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

/// How far one fetch is, for whoever watches it.
package final class FetchProgress: Sendable {
    package enum Stage: Sendable {
        /// Gets a file by itself.
        case plain
        /// Waits for yt-dlp, of which there are so many at a time.
        case waitingForPage
        /// Is yt-dlp's.
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
    /// Of the source, on this machine.
    package var bytes: Int64 { state.withLock { $0.bytes }() }
    /// Whether another claim would go on where this one is.
    package var canGoOn: Bool { state.withLock { $0.canGoOn }() }

    /// - Parameters:
    ///   - bytes: called now and then, on any thread.
    ///   - canGoOn: the same.
    package func enter(
        _ stage: Stage, bytes: @escaping @Sendable () -> Int64, canGoOn: @escaping @Sendable () -> Bool
    ) {
        state.withLock { $0 = State(stage: stage, bytes: bytes, canGoOn: canGoOn) }
    }
}
