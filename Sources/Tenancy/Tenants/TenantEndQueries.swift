import Postgres

extension Tenant {
    /// What stands where a deleted account's names stood. `Billing.StatementName` keeps the account's own for its statements.
    package static let deletedName = "deleted"

    /// Ends the account for good: nobody gets in any more, and its name and its keys' are gone. Nil when there is no such account; said again
    /// it changes nothing. Operators only.
    ///
    /// It waits for every transaction that is just adding something of the tenant's, because a row that refers to a tenant holds the tenant's
    /// row until its transaction ends; whoever adds something later finds the account deleted.
    ///
    /// - Returns: where the account stood before.
    package static func end(_ id: TenantID, in transaction: PostgresTransaction) throws -> TenantStatus? {
        let before = try transaction.first(
            "SELECT status FROM tenants WHERE id = \(id) FOR UPDATE", as: TenantStatus.self)
        guard let before else { return nil }
        try transaction.execute("UPDATE tenants SET status = 'deleted', name = \(deletedName) WHERE id = \(id)")
        // The rows stay: nodes ask for an hour which keys have ended.
        try transaction.execute(
            """
            UPDATE api_keys
            SET name = \(deletedName), secret_hash = '$argon2id$', revoked_at = coalesce(revoked_at, now())
            WHERE tenant_id = \(id)
            """)
        return before
    }
}
