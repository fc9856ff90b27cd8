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

    /// Returns all tenants, oldest first. Operators only.
    package static func all(in transaction: PostgresTransaction) throws -> [Tenant] {
        try transaction.query("SELECT id, name, plan, status, created_at FROM tenants ORDER BY id").map(
            Tenant.init(row:))
    }

    /// Returns the tenant with this id, or nil.
    package static func find(_ id: TenantID, in transaction: PostgresTransaction) throws -> Tenant? {
        try transaction.query("SELECT id, name, plan, status, created_at FROM tenants WHERE id = \(id)")
            .first.map(Tenant.init(row:))
    }

    /// Locks the tenant with this id until the transaction ends, and returns it; nil if there is none. Operators only.
    package static func lock(_ id: TenantID, in transaction: PostgresTransaction) throws -> Tenant? {
        try transaction.query(
            "SELECT id, name, plan, status, created_at FROM tenants WHERE id = \(id) FOR NO KEY UPDATE"
        ).first.map(Tenant.init(row:))
    }

    /// Changes the tenant's plan. Its terms apply to jobs that are admitted from now on. Operators only.
    package func put(on plan: PlanName, in transaction: PostgresTransaction) throws {
        try transaction.execute("UPDATE tenants SET plan = \(plan) WHERE id = \(id)")
    }

    /// Suspends the tenant, or reactivates it. Operators only.
    package func become(_ status: TenantStatus, in transaction: PostgresTransaction) throws {
        try transaction.execute("UPDATE tenants SET status = \(status) WHERE id = \(id)")
    }

    private init(row: PostgresRow) throws {
        (id, name, plan, status, createdAt) = try row.decode(
            TenantID.self, String.self, PlanName.self, TenantStatus.self, Timestamp.self)
    }
}
