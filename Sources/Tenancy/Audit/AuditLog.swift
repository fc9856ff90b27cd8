import Foundation
import Postgres

/// What operators changed, and who did. Written in the transaction of the change itself: neither is ever without the other.
package struct AuditEntry: Sendable {
    package let `operator`: String
    /// What was done, as the command names it: `tenant create`.
    package let action: String
    package let tenant: TenantID?
    /// What it was done to, where that is not the tenant itself: a key's id, a job's.
    package let target: String?
    /// What it was changed from or to, by name. Never a secret.
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
