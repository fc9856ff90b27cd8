import Postgres

extension Tenant {
    /// Creates an active tenant. Operators only.
    package static func create(
        name: String, plan: PlanName, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Tenant {
        let tenant = Tenant(id: TenantID(at: now), name: name, plan: plan, status: .active, createdAt: now)
        try transaction.execute(
            """
            INSERT INTO tenants (id, name, plan, status, created_at)
            VALUES (\(tenant.id), \(name), \(plan), \(tenant.status), \(now))
            """)
        return tenant
    }

    /// Every tenant, oldest first. Operators only.
    package static func all(in transaction: PostgresTransaction) throws -> [Tenant] {
        try transaction.query("SELECT id, name, plan, status, created_at FROM tenants ORDER BY id").map(
            Tenant.init(row:))
    }

    /// The tenant with this id, or nil.
    package static func find(_ id: TenantID, in transaction: PostgresTransaction) throws -> Tenant? {
        try transaction.query("SELECT id, name, plan, status, created_at FROM tenants WHERE id = \(id)")
            .first.map(Tenant.init(row:))
    }

    private init(row: PostgresRow) throws {
        (id, name, plan, status, createdAt) = try row.decode(
            TenantID.self, String.self, PlanName.self, TenantStatus.self, Timestamp.self)
    }
}
