import Postgres
import Tenancy

/// The name of a deleted account, kept only for its statements: they are invoices, and accounting must know whose. If the account was never
/// billed anything, the name is deleted, too.
package enum StatementName {
    /// Keeps the account's name, before the account is erased. A second call changes nothing. Operators only.
    package static func keep(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO deleted_tenant_names (tenant_id, name)
            SELECT id, name FROM tenants WHERE id = \(tenant) AND status <> 'deleted' ON CONFLICT DO NOTHING
            """)
    }

    /// Deletes the name if the account has neither a usage record nor an adjustment. Call it when no job of the account is unfinished.
    package static func forgetUnlessBilled(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM deleted_tenant_names WHERE tenant_id = \(tenant)
                AND NOT EXISTS (SELECT FROM usage WHERE tenant_id = \(tenant))
                AND NOT EXISTS (SELECT FROM adjustments WHERE tenant_id = \(tenant))
            """)
    }

    /// Returns the name for each account's statements.
    package static func all(in transaction: PostgresTransaction) throws -> [TenantID: String] {
        try Dictionary(
            uniqueKeysWithValues: transaction.all(
                """
                SELECT t.id, coalesce(n.name, t.name) FROM tenants t LEFT JOIN deleted_tenant_names n ON n.tenant_id = t.id
                """, as: TenantID.self, String.self))
    }
}
