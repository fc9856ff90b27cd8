import Postgres

/// What operators changed, and who did. Written in the transaction of the change itself: neither is ever without the other.
package struct AuditEntry: Sendable {
    package let `operator`: String
    /// What was done, as the command names it: `tenant create`.
    package let action: String
    package let tenant: TenantID?
    /// What it was done to, where that is not the tenant itself: a key's id, a job's.
    package let target: String?

    package init(operator: String, action: String, tenant: TenantID?, target: String? = nil) {
        self.operator = `operator`
        self.action = action
        self.tenant = tenant
        self.target = target
    }

    package func record(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO audit_log (operator, action, tenant_id, target)
            VALUES (\(`operator`), \(action), \(tenant), \(target))
            """)
    }
}
