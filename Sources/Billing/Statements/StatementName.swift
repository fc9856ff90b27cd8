import Postgres
import Tenancy

/// The name that a deleted account had, kept for its statements alone: they are invoices, and whoever keeps the books must be able to say
/// whose. It goes with the account where nothing was ever billed.
package enum StatementName {
    /// Keeps the account's name, before that is erased; said again it changes nothing. Operators only.
    package static func keep(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO deleted_tenant_names (tenant_id, name)
            SELECT id, name FROM tenants WHERE id = \(tenant) AND status <> 'deleted' ON CONFLICT DO NOTHING
            """)
    }

    /// Forgets it again where the account has neither a record nor an adjustment. Once no job of the account is unfinished.
    package static func forgetUnlessBilled(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM deleted_tenant_names WHERE tenant_id = \(tenant)
                AND NOT EXISTS (SELECT FROM usage WHERE tenant_id = \(tenant))
                AND NOT EXISTS (SELECT FROM adjustments WHERE tenant_id = \(tenant))
            """)
    }

    /// What stands on the statements of every account.
    package static func all(in transaction: PostgresTransaction) throws -> [TenantID: String] {
        try Dictionary(
            uniqueKeysWithValues: transaction.all(
                """
                SELECT t.id, coalesce(n.name, t.name) FROM tenants t LEFT JOIN deleted_tenant_names n ON n.tenant_id = t.id
                """, as: TenantID.self, String.self))
    }
}
