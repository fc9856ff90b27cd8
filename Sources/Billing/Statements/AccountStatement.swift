import Postgres
import Tenancy

/// A statement as its customer gets it: with a number, the seller and the customer.
package struct AccountStatement: Sendable, Equatable {
    package let statement: Statement
    package let parties: StatementParties

    /// The same for a month and account at all times: the month, and the last eight characters of the account's id.
    package var number: String { Self.number(of: statement) }

    /// Whether the month is still open, so that the amounts may change.
    package var isProvisional: Bool { statement.closedAt == nil }

    package static func number(of statement: Statement) -> String {
        "\(statement.month)-\(statement.tenant.rawValue.suffix(8))"
    }

    /// Returns the tenant's statement of a month; nil if it has none. The transaction must be repeatable read.
    package static func of(
        _ tenant: TenantID, month: BillingMonth, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> AccountStatement? {
        guard month.start <= now, let statement = try Statement.of(tenant, month: month, at: now, in: transaction),
            let parties = try StatementParties.of(tenant, month: month, in: transaction)
        else { return nil }
        return AccountStatement(statement: statement, parties: parties)
    }

    /// Returns the tenant's statements, newest first. The transaction must be repeatable read.
    ///
    /// - Parameter last: the month with which the previous page ended; nil: begin with the month of `now`.
    package static func list(
        of tenant: TenantID, before last: BillingMonth?, limit: Int, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws -> [Statement] {
        let months = try transaction.all(
            """
            WITH months AS (
                SELECT to_char(start, 'YYYY-MM') AS month FROM generate_series(
                    (SELECT date_trunc('month', least(
                        (SELECT created_at AT TIME ZONE 'UTC' FROM tenants WHERE id = \(tenant)),
                        (SELECT (min(month) || '-01')::timestamp FROM usage_months WHERE tenant_id = \(tenant))))),
                    \(now)::timestamptz AT TIME ZONE 'UTC', interval '1 month') start
            )
            SELECT month FROM months WHERE \(last?.rawValue)::text IS NULL OR month < \(last?.rawValue)
            ORDER BY month DESC LIMIT \(limit)
            """, as: BillingMonth.self)
        return try months.compactMap { try Statement.of(tenant, month: $0, at: now, in: transaction) }
    }
}
