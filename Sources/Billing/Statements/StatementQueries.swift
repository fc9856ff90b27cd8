import Postgres
import Tenancy

extension Statement {
    /// Returns the statements of all tenants that had an account before the month's end, by tenant, or of one tenant. A deleted account has
    /// statements of the months in which it owed or used something.
    ///
    /// Statements of a closed month are read as they were stored. Those of an open month are computed. Their terms (plan, quota and rate) are
    /// those that the account has now. If the month is over at `now`, they are those of the month's last admission. This takes several
    /// queries, so the transaction must be repeatable read, or have locked the months.
    package static func all(
        of month: BillingMonth, tenant: TenantID? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> [Statement] {
        let accounts = try Account.all(month, tenant, now, transaction)
        var totals: [TenantID: LedgerTotals] = [:]
        var lines: [TenantID: [StatementLine]] = [:]
        if accounts.contains(where: { $0.closedAt == nil }) {
            try Ledger.forEach(of: month, tenant: tenant, in: transaction) {
                totals[$0.entry.tenant, default: LedgerTotals()].add($0)
            }
        }
        if accounts.contains(where: { $0.closedAt != nil }) {
            lines = try StatementLine.stored(month, tenant, transaction)
        }
        return try accounts.map { try Statement($0, month, totals[$0.id], lines[$0.id]) }
    }

    /// Returns one tenant's statement, like ``all(of:tenant:at:in:)`` and with the same rules for the transaction. Here the database adds up
    /// the records, so this may be called often, however large the month is.
    package static func of(
        _ tenant: TenantID, month: BillingMonth, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Statement? {
        guard let account = try Account.all(month, tenant, now, transaction).first else { return nil }
        guard account.closedAt == nil else {
            return try Statement(account, month, nil, try StatementLine.stored(month, tenant, transaction)[tenant])
        }
        return try Statement(account, month, try LedgerTotals.of(month, tenant: tenant, in: transaction), nil)
    }

    /// - Parameters:
    ///   - totals: the totals of an open month.
    ///   - lines: the stored lines of a closed month.
    private init(
        _ account: Account, _ month: BillingMonth, _ totals: LedgerTotals?, _ lines: [StatementLine]?
    ) throws {
        if let closedAt = account.closedAt {
            self.init(tenant: account.id, month: month, closedAt: closedAt, lines: lines ?? [])
        } else {
            try self.init(
                tenant: account.id, month: month, terms: account.terms, totals: totals ?? LedgerTotals(),
                adjustmentsCents: account.adjustmentsCents)
        }
    }

    /// Stores the statement's lines for good. The caller closes the month in the same transaction.
    func store(in transaction: PostgresTransaction) throws {
        try transaction.batch(
            lines.map { line in
                """
                INSERT INTO statement_lines (
                    tenant_id, month, line, plan, included_minutes, used_seconds, overage_seconds,
                    rate_micros_per_minute, amount_cents, adjustments_cents, total_cents)
                VALUES (
                    \(tenant), \(month), \(line.number), \(line.plan), \(line.includedMinutes), \(line.usedSeconds),
                    \(line.overageSeconds), \(line.rate), \(line.amountCents), \(line.adjustmentsCents),
                    \(line.totalCents))
                """
            })
    }

    /// The SQL condition for whether the account `t` has a statement of the month. An account has one if it existed before the month's end,
    /// or if it has a row `m` of `usage_months` for that month. A deleted account must also have used or owed something.
    static func isDue(month: PostgresQuery, end: PostgresQuery) -> PostgresQuery {
        """
        (t.created_at < \(end) OR m.tenant_id IS NOT NULL) AND (t.status <> 'deleted'
            OR EXISTS (SELECT FROM usage u WHERE u.tenant_id = t.id AND u.month = \(month))
            OR EXISTS (SELECT FROM reservations r WHERE r.tenant_id = t.id AND r.month = \(month))
            OR EXISTS (SELECT FROM adjustments a WHERE a.tenant_id = t.id AND a.month = \(month))
            OR EXISTS (SELECT FROM statement_lines l WHERE l.tenant_id = t.id AND l.month = \(month)))
        """
    }

    /// The account of a statement, with what is needed to compute the statement of an open month.
    private struct Account {
        let id: TenantID
        let terms: Terms
        let closedAt: Timestamp?
        let adjustmentsCents: Int64

        static func all(
            _ month: BillingMonth, _ tenant: TenantID?, _ now: Timestamp, _ transaction: PostgresTransaction
        ) throws -> [Account] {
            let only: PostgresQuery = tenant.map { "AND t.id = \($0)" } ?? ""
            return try transaction.all(
                """
                SELECT t.id, coalesce(a.plan, t.plan),
                    coalesce(a.included_seconds / 60, q.monthly_minutes, p.monthly_minutes)::int8,
                    CASE WHEN a.plan IS NULL THEN p.overage_micros_per_minute ELSE a.rate_micros_per_minute END,
                    m.closed_at, coalesce((
                        SELECT sum(c.amount_cents) FROM adjustments c WHERE c.tenant_id = t.id AND c.month = \(month)
                    ), 0)::int8
                FROM tenants t
                JOIN plans p ON p.name = t.plan
                LEFT JOIN quota_overrides q ON q.tenant_id = t.id
                LEFT JOIN usage_months m ON m.tenant_id = t.id AND m.month = \(month)
                -- A month that is over keeps the terms of its last admission, whatever changed since.
                LEFT JOIN LATERAL (
                    SELECT u.plan, u.included_seconds, u.rate_micros_per_minute FROM (
                        SELECT admission, plan, included_seconds, rate_micros_per_minute FROM usage
                        WHERE tenant_id = t.id AND month = \(month)
                        UNION ALL
                        SELECT admission, plan, included_seconds, rate_micros_per_minute FROM reservations
                        WHERE tenant_id = t.id AND month = \(month)
                    ) u ORDER BY u.admission DESC LIMIT 1
                ) a ON \(now) >= \(month.end)
                WHERE \(isDue(month: "\(month)", end: "\(month.end)")) \(only)
                ORDER BY t.id
                """, as: TenantID.self, PlanName.self, Int64.self, Int64?.self, Timestamp?.self, Int64.self
            ).map {
                Account(
                    id: $0.0, terms: Terms(plan: $0.1, monthlyMinutes: $0.2, rate: $0.3), closedAt: $0.4,
                    adjustmentsCents: $0.5)
            }
        }
    }
}

extension StatementLine {
    /// Returns the month's stored lines, by tenant, in order.
    fileprivate static func stored(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [TenantID: [StatementLine]] {
        let only: PostgresQuery = tenant.map { "AND tenant_id = \($0)" } ?? ""
        let rows = try transaction.query(
            """
            SELECT tenant_id, line, plan, included_minutes, used_seconds, overage_seconds, rate_micros_per_minute,
                amount_cents, adjustments_cents
            FROM statement_lines WHERE month = \(month) \(only) ORDER BY tenant_id, line
            """)
        return try Dictionary(
            grouping: rows.map { (try $0.value("tenant_id", TenantID.self), try StatementLine(row: $0)) }, by: \.0
        ).mapValues { $0.map(\.1) }
    }

    private init(row: PostgresRow) throws {
        self.init(
            number: try row.value("line"), plan: try row.value("plan"),
            includedMinutes: try row.value("included_minutes"), usedSeconds: try row.value("used_seconds"),
            overageSeconds: try row.value("overage_seconds"), rate: try row.value("rate_micros_per_minute"),
            amountCents: try row.value("amount_cents"), adjustmentsCents: try row.value("adjustments_cents"))
    }
}
