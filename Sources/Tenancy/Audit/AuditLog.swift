import Foundation
import Postgres

/// What an operator changed. It is written in the transaction of the change, so that neither exists without the other.
package struct AuditEntry: Sendable {
    package let `operator`: String
    /// The command: `tenant create`.
    package let action: String
    package let tenant: TenantID?
    /// What was changed, if not the tenant itself: the id of a key or a job.
    package let target: String?
    /// The old or new values, by name. Never a secret.
    package let details: [String: String]

    package init(
        operator: String, action: String, tenant: TenantID?, target: String? = nil, details: [String: String] = [:]
    ) {
        self.operator = `operator`
        self.action = action
        self.tenant = tenant
        self.target = target
        self.details = details
    }

    package func record(in transaction: PostgresTransaction) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let details = JSONB(text: String(decoding: try encoder.encode(details), as: UTF8.self))
        try transaction.execute(
            """
            INSERT INTO audit_log (operator, action, tenant_id, target, details)
            VALUES (\(`operator`), \(action), \(tenant), \(target), \(details))
            """)
    }
}
