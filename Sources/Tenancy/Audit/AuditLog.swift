import Foundation
import Postgres

/// What an operator or a customer changed. It is written in the transaction of the change, so that neither exists without the other.
package struct AuditEntry: Sendable {
    /// Who changed it.
    package enum Author: Sendable, Equatable {
        /// An operator, by name.
        case `operator`(String)
        /// A customer's program, by its API key.
        case key(APIKeyID)
        /// A customer's person.
        case member(MemberID)

        init(_ submitter: Submitter) {
            self =
                switch submitter {
                case .key(let key): .key(key)
                case .member(let member): .member(member)
                }
        }
    }

    package let author: Author
    /// What was done, such as `tenant create`. For operators, it is the command.
    package let action: String
    package let tenant: TenantID?
    /// What was changed, if not the tenant itself, such as the id of a key or a job.
    package let target: String?
    /// The old or new values, by name. Never a secret.
    package let details: [String: String]

    package init(
        by author: Author, action: String, tenant: TenantID?, target: String? = nil, details: [String: String] = [:]
    ) {
        self.author = author
        self.action = action
        self.tenant = tenant
        self.target = target
        self.details = details
    }

    /// An operator's change.
    package init(
        operator: String, action: String, tenant: TenantID?, target: String? = nil, details: [String: String] = [:]
    ) {
        self.init(by: .operator(`operator`), action: action, tenant: tenant, target: target, details: details)
    }

    /// A customer's change.
    package init(by principal: Principal, action: String, target: String? = nil, details: [String: String] = [:]) {
        self.init(
            by: Author(principal.submitter), action: action, tenant: principal.tenant, target: target, details: details)
    }

    package func record(in transaction: PostgresTransaction) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let details = JSONB(text: String(decoding: try encoder.encode(details), as: UTF8.self))
        try transaction.execute(
            """
            INSERT INTO audit_log (operator, key_id, member_id, action, tenant_id, target, details)
            VALUES (\(author.operator), \(author.key), \(author.member), \(action), \(tenant), \(target), \(details))
            """)
    }
}

extension AuditEntry.Author {
    /// The operator's name; nil if it was a customer.
    package var `operator`: String? {
        if case .operator(let name) = self { name } else { nil }
    }

    /// The customer's person; nil if it was somebody else.
    package var member: MemberID? {
        if case .member(let member) = self { member } else { nil }
    }

    /// The customer's key; nil if it was somebody else.
    package var key: APIKeyID? {
        if case .key(let key) = self { key } else { nil }
    }
}
