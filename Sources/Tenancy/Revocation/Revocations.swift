import Addresses
import Postgres
import Synchronization

/// Knows whose access tokens are rejected before they expire: those of revoked and expired keys, of suspended tenants, and of ended sessions. Also
/// knows which keys may do something else than their tokens say, and from which addresses.
///
/// It keeps a snapshot in memory, so that no request costs a query. ``refresh()`` takes a new one several times a second. A snapshot older than
/// ``freshness`` is not used. All requests then wait for the same new one, but no longer than `timeout`. A request that gets none in that
/// time is rejected. So many sessions may have ended that each query asks only for those that ended since the last query.
package final class Revocations: Sendable {
    /// How long a snapshot is valid after the query. So a revoked key is rejected within this time.
    package static let freshness = Duration.seconds(1)

    struct Snapshot: Sendable {
        var keys: Set<APIKeyID> = []
        var suspended: Set<TenantID> = []
        /// The scopes of keys that were changed within an access token's lifetime.
        var scopes: [APIKeyID: Set<Scope>] = [:]
        /// The addresses of the same keys, and of all others after the first query: those from which each may be used; nil: any.
        var addresses: [APIKeyID: [CIDR]?] = [:]
        /// Whether `addresses` has all keys with addresses.
        var areAddressesWhole = false
    }

    private struct State {
        var snapshot = Snapshot()
        var sessions = EndedSessions()
        /// The addresses from which keys may be used that may not be used from any.
        var addresses: [APIKeyID: [CIDR]] = [:]
        /// When the snapshot was taken; nil before the first one.
        var taken: ContinuousClock.Instant?
        /// The query in progress.
        var look: Task<Void, any Error>?
    }

    private let pool: PostgresPool
    private let timeout: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameters:
    ///   - pool: has the role `verbatim_system`; its `workTimeout` limits how long a query may take.
    ///   - timeout: how long a request waits for a new snapshot.
    package init(
        pool: PostgresPool, timeout: Duration = .seconds(3),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.pool = pool
        self.timeout = timeout
        self.now = now
    }

    /// Takes a new snapshot from the database. If another call is doing so, waits for its result.
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
            if look.snapshot.areAddressesWhole { state.addresses = [:] }
            for (key, blocks) in look.snapshot.addresses { state.addresses[key] = blocks }
            for key in look.snapshot.keys { state.addresses[key] = nil }
        }
    }

    /// Throws if `principal`'s tokens are no longer valid, or not from `address`, or if that cannot be determined.
    package func check(_ principal: Principal, from address: IPAddress? = nil) async throws(AccessRefusal) {
        var isCertain = isFresh
        // The snapshot that was waited for counts, even if a busy machine resumes this task late.
        if !isCertain { isCertain = await waitForFreshOne() }
        let (snapshot, sessionIsOver, blocks) = state.withLock { state in
            (
                state.snapshot, principal.session.map { state.sessions.contains($0) } ?? false,
                principal.key.flatMap { state.addresses[$0] }
            )
        }
        // These hold in an old snapshot, too: what has ended does not come back.
        if let key = principal.key, snapshot.keys.contains(key) { throw .keyIsOver }
        if sessionIsOver { throw .sessionIsOver }
        guard isCertain else { throw .unknown }
        if snapshot.suspended.contains(principal.tenant) { throw .tenantIsSuspended }
        guard KeyRules.allows(address, blocks) else { throw .addressIsNotAllowed }
    }

    /// Returns what `principal` may do now. Call it after ``check(_:)``, which makes sure that the snapshot is fresh.
    package func scopes(of principal: Principal) -> Set<Scope> {
        guard let key = principal.key, let scopes = state.withLock({ $0.snapshot.scopes[key] }) else {
            return principal.scopes
        }
        return principal.isNarrowed ? scopes.intersection(principal.scopes) : scopes
    }

    private var isFresh: Bool {
        let taken = state.withLock { $0.taken }
        return taken.map { now() - $0 < Self.freshness } ?? false
    }

    /// Waits until there is a fresh snapshot, a query has failed, or the time-out is over. Returns whether there is a fresh snapshot.
    private func waitForFreshOne() async -> Bool {
        let (stream, signal) = AsyncStream.makeStream(of: Bool.self)
        let looking = Task {
            // The snapshot of a slow query may be too old when it arrives.
            while !isFresh, !Task.isCancelled, (try? await refresh()) != nil {}
            signal.yield(isFresh)
            signal.finish()
        }
        let timer = Task { [timeout] in
            try? await Task.sleep(for: timeout)
            signal.finish()
        }
        // The loop also ends when the request is cancelled.
        var isThere = false
        for await found in stream { isThere = found }
        looking.cancel()
        timer.cancel()
        return isThere
    }
}

package enum AccessRefusal: Error, Equatable {
    /// The key was revoked or has expired.
    case keyIsOver
    /// The session was revoked by its holder, or because one of its refresh tokens was used twice.
    case sessionIsOver
    case tenantIsSuspended
    /// The key may not be used from this address.
    case addressIsNotAllowed
    /// The key may not do this any more.
    case scopeIsGone(Scope)
    /// The database has not answered for too long, so nobody knows whose access has ended.
    case unknown
}
