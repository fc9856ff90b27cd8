import Postgres
import Synchronization

/// Whose access tokens count no more though their hour is not over: those of revoked and expired keys and of suspended tenants.
///
/// A snapshot in memory, so that no request costs a query: ``refresh(from:)`` takes a new one, several times a second. When that
/// fails the last one stays.
package final class Revocations: Sendable {
    struct Snapshot: Sendable {
        var keys: Set<APIKeyID> = []
        var suspended: Set<TenantID> = []
    }

    private let snapshot = Mutex(Snapshot())

    package init() {}

    /// Asks the database, as `verbatim_system`, who has lost access.
    package func refresh(from pool: PostgresPool) async throws {
        let fresh = try await pool.transaction { try Snapshot.take(in: $0) }
        snapshot.withLock { $0 = fresh }
    }

    /// Throws when `principal`'s tokens count no more.
    package func check(_ principal: Principal) throws(AccessRefusal) {
        let (keyIsOver, tenantIsSuspended) = snapshot.withLock {
            ($0.keys.contains(principal.key), $0.suspended.contains(principal.tenant))
        }
        if keyIsOver { throw .keyIsOver }
        if tenantIsSuspended { throw .tenantIsSuspended }
    }
}

package enum AccessRefusal: Error, Equatable {
    /// Revoked or expired.
    case keyIsOver
    case tenantIsSuspended
}
