import Postgres

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
            SET name = \(deletedName), secret_hash = '$argon2id$', revoked_at = coalesce(revoked_at, now())
            WHERE tenant_id = \(id)
            """)
        return before
    }
}
