import Postgres
import Tenancy

extension Reservation {
    /// How long a recording an unfinished job can pay for as things stand, in whole seconds: what it holds, and what its month has left
    /// of the quota in force now or at its admission. Nil where it accepted whatever it costs.
    ///
    /// Reads alone, so others may reserve meanwhile: ``resize(_:of:to:in:)`` decides. Throws ``ReservationError/noneHeld``.
    package static func affordableSeconds(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Int64? {
        let found = try transaction.first(
            """
            SELECT r.accept_overage, r.seconds,
                greatest(r.included_seconds, coalesce(q.monthly_minutes, p.monthly_minutes)::int8 * 60)
                    - m.used_seconds - m.reserved_seconds
            FROM reservations r
            JOIN usage_months m ON m.tenant_id = r.tenant_id AND m.month = r.month
            JOIN tenants t ON t.id = r.tenant_id
            JOIN plans p ON p.name = t.plan
            LEFT JOIN quota_overrides q ON q.tenant_id = r.tenant_id
            WHERE r.tenant_id = \(tenant) AND r.job_id = \(job)
            """, as: Bool.self, Int64.self, Int64.self)
        guard let (acceptsOverage, held, left) = found else { throw ReservationError.noneHeld }
        return acceptsOverage ? nil : held + max(0, left)
    }
}
