import Postgres
import Synchronization

/// Whose access tokens count no more though their hour is not over: those of revoked and expired keys, of suspended tenants, and of
/// sessions that were ended.
///
/// A snapshot in memory, so that no request costs a query: ``refresh()`` takes a new one, several times a second. One that is older
/// than ``freshness`` is not believed. Whoever asks then waits for a new one, all for the same, and no longer than their time-out;
/// who cannot be judged by then is refused. Of sessions, which may be many, each look asks only for what ended since the last one.
package final class Revocations: Sendable {
    /// How long a snapshot counts, from the moment at which the database was asked: within that time a revoked key is refused.
    package static let freshness = Duration.seconds(1)

    struct Snapshot: Sendable {
        var keys: Set<APIKeyID> = []
        var suspended: Set<TenantID> = []
    }

    private struct State {
        var snapshot = Snapshot()
        var sessions = EndedSessions()
        /// Nil before the first one.
        var taken: ContinuousClock.Instant?
        /// The look under way.
        var look: Task<Void, any Error>?
    }

    private let pool: PostgresPool
    private let timeout: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameters:
    ///   - pool: acts as `verbatim_system`; its `workTimeout` bounds a look.
    ///   - timeout: how long a request waits for a new snapshot.
    package init(
        pool: PostgresPool, timeout: Duration = .seconds(3),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.pool = pool
        self.timeout = timeout
        self.now = now
    }

    /// Asks the database who has lost access, or waits for the answer where it is being asked already.
    package func refresh() async throws {
        let look = state.withLock { state in
            if let look = state.look { return look }
            let look = Task { try await self.look() }
            state.look = look
            return look
        }
        try await look.value
    }

    private func look() async throws {
        defer { state.withLock { $0.look = nil } }
        let since = state.withLock { $0.sessions.complete }
        let (taken, look) = try await pool.transaction { [now] in (now(), try Look.take(since: since, in: $0)) }
        state.withLock { state in
            (state.taken, state.snapshot) = (taken, look.snapshot)
            state.sessions.add(look.sessions, at: look.at)
        }
    }

    /// Throws when `principal`'s tokens count no more, or when nobody can tell.
    package func check(_ principal: Principal) async throws(AccessRefusal) {
        var isCertain = isFresh
        // Whoever waited is judged by what they waited for, also where a busy machine lets them go on late.
        if !isCertain { isCertain = await waitForFreshOne() }
        let (snapshot, sessionIsOver) = state.withLock { state in
            (state.snapshot, principal.session.map { state.sessions.contains($0) } ?? false)
        }
        // Also when it is old: what has ended stays so.
        if snapshot.keys.contains(principal.key) { throw .keyIsOver }
        if sessionIsOver { throw .sessionIsOver }
        guard isCertain else { throw .unknown }
        if snapshot.suspended.contains(principal.tenant) { throw .tenantIsSuspended }
    }

    private var isFresh: Bool {
        let taken = state.withLock { $0.taken }
        return taken.map { now() - $0 < Self.freshness } ?? false
    }

    /// Returns when there is a fresh snapshot, when a look has failed, or when the time-out is over: whether there is one.
    private func waitForFreshOne() async -> Bool {
        let (stream, signal) = AsyncStream.makeStream(of: Bool.self)
        let looking = Task {
            // A look that took long may be old when it comes.
            while !isFresh, !Task.isCancelled, (try? await refresh()) != nil {}
            signal.yield(isFresh)
            signal.finish()
        }
        let timer = Task { [timeout] in
            try? await Task.sleep(for: timeout)
            signal.finish()
        }
        // Ends too when the request is cancelled.
        var isThere = false
        for await found in stream { isThere = found }
        looking.cancel()
        timer.cancel()
        return isThere
    }
}

package enum AccessRefusal: Error, Equatable {
    /// Revoked or expired.
    case keyIsOver
    /// Revoked, by its holder or because one of its refresh tokens was used twice.
    case sessionIsOver
    case tenantIsSuspended
    /// The database has not said for too long whose access has ended.
    case unknown
}
