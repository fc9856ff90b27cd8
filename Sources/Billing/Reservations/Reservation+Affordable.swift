import Postgres
import Tenancy

extension Reservation {
    /// Returns the length of the longest recording that an unfinished job can pay for now, in seconds. Nil if the job accepts overage: then
    /// there is no limit.
    ///
    /// The job can pay for what it holds and what is left of its month. The month's quota is the one of now or of the job's admission,
    /// whichever is more. Other jobs may reserve seconds afterward, because nothing is locked; ``resize(_:of:to:in:)`` decides.
    ///
    /// - Throws: ``ReservationError/noneHeld``.
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
