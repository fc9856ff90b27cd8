import Postgres
import Synchronization

/// Whose access tokens count no more though their hour is not over: those of revoked and expired keys and of suspended tenants.
///
/// A snapshot in memory, so that no request costs a query: ``refresh()`` takes a new one, several times a second. One that is older
/// than ``freshness`` is not believed. Whoever asks then waits for a new one, all for the same, and no longer than their patience;
/// who cannot be judged by then is refused.
package final class Revocations: Sendable {
    /// How long a snapshot counts, from the moment at which the database was asked: within that time a revoked key is refused.
    package static let freshness = Duration.seconds(1)

    struct Snapshot: Sendable {
        var keys: Set<APIKeyID> = []
        var suspended: Set<TenantID> = []
    }

    private struct State {
        var snapshot = Snapshot()
        /// Nil before the first one.
        var taken: ContinuousClock.Instant?
        /// The look under way.
        var look: Task<Void, any Error>?
    }

    private let pool: PostgresPool
    private let patience: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameters:
    ///   - pool: acts as `verbatim_system`; its `workTimeout` bounds a look.
    ///   - patience: how long a request waits for a new snapshot.
    package init(
        pool: PostgresPool, patience: Duration = .seconds(3),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.pool = pool
        self.patience = patience
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
        let (taken, snapshot) = try await pool.transaction { [now] in (now(), try Snapshot.take(in: $0)) }
        state.withLock { ($0.taken, $0.snapshot) = (taken, snapshot) }
    }

    /// Throws when `principal`'s tokens count no more, or when nobody can tell.
    package func check(_ principal: Principal) async throws(AccessRefusal) {
        if !isFresh { await waitForFreshOne() }
        let (isFresh, snapshot) = (isFresh, state.withLock { $0.snapshot })
        // Also when it is old: a key that has ended stays so.
        if snapshot.keys.contains(principal.key) { throw .keyIsOver }
        guard isFresh else { throw .unknown }
        if snapshot.suspended.contains(principal.tenant) { throw .tenantIsSuspended }
    }

    private var isFresh: Bool {
        let taken = state.withLock { $0.taken }
        return taken.map { now() - $0 < Self.freshness } ?? false
    }

    /// Returns when there is a fresh snapshot, when a look has failed, or when the patience is over.
    private func waitForFreshOne() async {
        let (stream, signal) = AsyncStream.makeStream(of: Void.self)
        let looking = Task {
            // A look that took long may be old when it comes.
            while !isFresh, !Task.isCancelled, (try? await refresh()) != nil {}
            signal.finish()
        }
        let timer = Task { [patience] in
            try? await Task.sleep(for: patience)
            signal.finish()
        }
        // Ends too when the request is cancelled.
        for await _ in stream {}
        looking.cancel()
        timer.cancel()
    }
}

package enum AccessRefusal: Error, Equatable {
    /// Revoked or expired.
    case keyIsOver
    case tenantIsSuspended
    /// The database has not said for too long whose access has ended.
    case unknown
}
