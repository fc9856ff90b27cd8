import Postgres
import Tenancy

/// Something about a month that an account is told once.
package struct UsageAlert: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// So many percent of the included minutes, or of the cap on overage, are used.
        case thresholdReached(percent: Int16)
        /// A job was refused, or failed, because the limit leaves too little for it.
        case limitReached
    }

    package let kind: Kind
    package let limit: QuotaLimit
    package let month: BillingMonth
    package let usedSeconds: Int64
    /// What the month's overage costs.
    package let overageCents: Int64
}

extension UsageAlert {
    /// Records the thresholds that the month's used seconds have reached, and returns those that were not recorded before. The caller has
    /// locked the month and has just added a record to it.
    static func crossed(
        in month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> [UsageAlert] {
        let found = try transaction.first(
            """
            SELECT m.used_seconds, coalesce(q.monthly_minutes, p.monthly_minutes)::int8 * 60,
                least(q.overage_cap_cents, a.overage_cap_cents),
                coalesce(a.alert_percents, \(AccountLimits.standardPercents)),
                ARRAY(SELECT u.percent FROM usage_alerts u
                    WHERE u.tenant_id = m.tenant_id AND u.month = m.month AND u.alert = 'threshold_reached'
                        AND u.limited_by = \(QuotaLimit.monthlyMinutes.rawValue)),
                ARRAY(SELECT u.percent FROM usage_alerts u
                    WHERE u.tenant_id = m.tenant_id AND u.month = m.month AND u.alert = 'threshold_reached'
                        AND u.limited_by = \(QuotaLimit.overageCap.rawValue))
            FROM usage_months m JOIN tenants t ON t.id = m.tenant_id JOIN plans p ON p.name = t.plan
            LEFT JOIN quota_overrides q ON q.tenant_id = t.id
            LEFT JOIN account_limits a ON a.tenant_id = t.id
            WHERE m.tenant_id = \(tenant) AND m.month = \(month)
            """, as: Int64.self, Int64.self, Int64?.self, [Int16].self, [Int16].self, [Int16].self)
        guard let (used, included, cap, percents, toldOfMinutes, toldOfCap) = found else { return [] }
        let minutes = percents.filter { percent in
            included > 0 && used * 100 >= included * Int64(percent) && !toldOfMinutes.contains(percent)
        }
        let open = percents.filter { !toldOfCap.contains($0) }
        // Overage takes longer to add up, so that is done only if somebody wants to know.
        let needsOverage = !minutes.isEmpty || (cap ?? 0 > 0 && !open.isEmpty && used > 0)
        guard needsOverage else { return [] }
        let cents = try overageCents(of: month, tenant, transaction)
        let capped = open.filter { percent in
            guard let cap, cap > 0 else { return false }
            return Int128(cents) * 100 >= Int128(cap) * Int128(percent)
        }
        func alerts(_ percents: [Int16], _ limit: QuotaLimit) throws -> [UsageAlert] {
            try percents.compactMap { percent in
                try UsageAlert(
                    kind: .thresholdReached(percent: percent), limit: limit, month: month, usedSeconds: used,
                    overageCents: cents
                ).record(of: tenant, in: transaction)
            }
        }
        return try alerts(minutes, .monthlyMinutes) + alerts(capped, .overageCap)
    }

    /// Records that a job was refused because of `limit`. Nil if that was recorded before in the month.
    package static func refused(
        by limit: QuotaLimit, at now: Timestamp, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> UsageAlert? {
        let month = BillingMonth(of: now)
        let isKnown = try transaction.first(
            """
            SELECT EXISTS (SELECT FROM usage_alerts
                WHERE tenant_id = \(tenant) AND month = \(month) AND alert = 'limit_reached' AND limited_by = \(limit.rawValue))
            """, as: Bool.self)
        guard isKnown != true else { return nil }
        try UsageMonth.begin(month, of: tenant, in: transaction)
        let state = try UsageMonth.lock(month, of: tenant, in: transaction)
        guard !state.isClosed else { return nil }
        return try UsageAlert(
            kind: .limitReached, limit: limit, month: month, usedSeconds: state.used,
            overageCents: try overageCents(of: month, tenant, transaction)
        ).record(of: tenant, in: transaction)
    }

    private static func overageCents(
        of month: BillingMonth, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> Int64 {
        try LedgerTotals.of(month, tenant: tenant, in: transaction).overage.reduce(0) { sum, part in
            sum + (try Money.cents(seconds: part.value.seconds, rate: part.key))
        }
    }

    /// Nil if it was recorded before.
    private func record(of tenant: TenantID, in transaction: PostgresTransaction) throws -> UsageAlert? {
        let (alert, percent): (String, Int16) =
            switch kind {
            case .thresholdReached(let percent): ("threshold_reached", percent)
            case .limitReached: ("limit_reached", 0)
            }
        let rows = try transaction.execute(
            """
            INSERT INTO usage_alerts (tenant_id, month, alert, limited_by, percent)
            VALUES (\(tenant), \(month), \(alert), \(limit.rawValue), \(percent)) ON CONFLICT DO NOTHING
            """)
        return rows == 1 ? self : nil
    }
}
