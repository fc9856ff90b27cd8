import Foundation
import Postgres

/// An entry of the audit log.
package struct AuditRecord: Sendable {
    package let id: Int64
    package let at: Timestamp
    package let entry: AuditEntry

    /// Returns entries since `since`, of one tenant or of all, newest first. Operators only.
    package static func newest(
        of tenant: TenantID?, since: Timestamp?, limit: Int, in transaction: PostgresTransaction
    ) throws -> [AuditRecord] {
        try transaction.query(
            """
            SELECT id, at, operator, key_id, member_id, action, tenant_id, target,
                (SELECT coalesce(jsonb_object_agg(key, coalesce(value, '')), '{}') FROM jsonb_each_text(details))
            FROM audit_log
            WHERE (\(tenant)::text IS NULL OR tenant_id = \(tenant))
                AND (\(since)::timestamptz IS NULL OR at >= \(since))
            ORDER BY id DESC LIMIT \(limit)
            """
        ).map { row in
            let (id, at, name, key, member, action, tenant, target, details) = try row.decode(
                Int64.self, Timestamp.self, String?.self, APIKeyID?.self, MemberID?.self, String.self, TenantID?.self,
                String?.self,
                JSONB.self)
            return AuditRecord(
                id: id, at: at,
                entry: AuditEntry(
                    by: key.map(AuditEntry.Author.key) ?? member.map(AuditEntry.Author.member) ?? .operator(name ?? ""),
                    action: action, tenant: tenant,
                    target: target,
                    details: try JSONDecoder().decode([String: String].self, from: Data(details.text.utf8))))
        }
    }
}
