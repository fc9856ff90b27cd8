import Postgres

/// A customer's account.
package struct Tenant: Sendable, Equatable {
    package let id: TenantID
    package let name: String
    package let plan: PlanName
    package let status: TenantStatus
    package let createdAt: Timestamp
}

package enum TenantStatus: String, Sendable, CaseIterable, PostgresCodable {
    /// The row of a deleted account stays, without its name, because the ledger refers to it.
    case active, suspended, deleted
}

/// What a customer pays for. `Billing.Plan` has its limits.
package struct PlanName: RawRepresentable, Hashable, Sendable, PostgresCodable {
    package let rawValue: String

    /// Nil unless `text` is a small letter, and then up to 39 small letters, digits and hyphens.
    package init?(rawValue text: String) {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard text.utf8.count <= 40, let first = text.utf8.first, letters.contains(first),
            text.utf8.allSatisfy({
                letters.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            })
        else { return nil }
        rawValue = text
    }

    private init(unchecked rawValue: String) { self.rawValue = rawValue }

    /// The plans that there are from the beginning.
    package static let free = PlanName(unchecked: "free")
    package static let pro = PlanName(unchecked: "pro")
    package static let business = PlanName(unchecked: "business")
    package static let first = [free, pro, business]
}

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

    /// Changes the tenant's name. Operators only.
    package func rename(to name: String, in transaction: PostgresTransaction) throws {
        try transaction.execute("UPDATE tenants SET name = \(name) WHERE id = \(id)")
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

extension Tenant {
    /// What replaces the names of a deleted account and its keys. `Billing.StatementName` keeps the account's name for its statements.
    package static let deletedName = "deleted"

    /// Marks the account as deleted: its keys are revoked, and its name and those of its keys are erased. A second call changes nothing.
    /// Operators only.
    ///
    /// This waits for every transaction that is adding rows of the tenant, because such a row locks the tenant's row until its transaction
    /// ends. Later transactions find the account deleted.
    ///
    /// - Returns: the account's status before; nil if there is no such account.
    package static func end(_ id: TenantID, in transaction: PostgresTransaction) throws -> TenantStatus? {
        let before = try transaction.first(
            "SELECT status FROM tenants WHERE id = \(id) FOR UPDATE", as: TenantStatus.self)
        guard let before else { return nil }
        try transaction.execute("UPDATE tenants SET status = 'deleted', name = \(deletedName) WHERE id = \(id)")
        // The rows stay, because for an hour nodes still ask which keys have ended.
        try transaction.execute(
            """
            UPDATE api_keys
            SET name = \(deletedName), secret_hash = '$argon2id$', revoked_at = coalesce(revoked_at, now()),
                allowed_addresses = NULL, told_expires_at = NULL
            WHERE tenant_id = \(id)
            """)
        return before
    }
}
