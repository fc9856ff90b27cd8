import Postgres
import Tenancy

/// What an account's customer has set for itself: a cap on overage, when to be told how much of a month is used, and how long transcripts are
/// kept.
package struct AccountLimits: Sendable, Equatable {
    /// What a month's overage may cost at most, in cents; nil: the customer has set no cap.
    package var overageCapCents: Int64?
    /// At which percentages of the included minutes, and of the cap on overage, the customer is told; ascending.
    package var alertPercents: [Int16]
    /// How long transcripts are kept, in days; nil: until somebody deletes them.
    package var transcriptRetentionDays: Int?

    package init(
        overageCapCents: Int64? = nil, alertPercents: [Int16] = Self.standardPercents,
        transcriptRetentionDays: Int? = nil
    ) {
        self.overageCapCents = overageCapCents
        self.alertPercents = alertPercents
        self.transcriptRetentionDays = transcriptRetentionDays
    }

    /// The percentages of an account that has set none.
    package static let standardPercents: [Int16] = [50, 80, 100]
    package static let mostPercents = 10

    /// Returns what the account has set.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> AccountLimits {
        try find("", tenant, transaction) ?? AccountLimits()
    }

    /// Returns the cap that an operator has set for the account, in cents; nil if there is none.
    package static func operatorCap(of tenant: TenantID, in transaction: PostgresTransaction) throws -> Int64? {
        try transaction.first(
            "SELECT overage_cap_cents FROM quota_overrides WHERE tenant_id = \(tenant)", as: Int64?.self) ?? nil
    }

    /// Changes what the account has set, one caller at a time, and returns what it was before. What `change` throws is thrown.
    package static func update(
        of tenant: TenantID, in transaction: PostgresTransaction, _ change: (inout AccountLimits) throws -> Void
    ) throws -> AccountLimits {
        try transaction.execute(
            """
            INSERT INTO account_limits (tenant_id, alert_percents) VALUES (\(tenant), \(standardPercents))
            ON CONFLICT DO NOTHING
            """)
        let before = try find("FOR NO KEY UPDATE", tenant, transaction) ?? AccountLimits()
        var limits = before
        try change(&limits)
        try transaction.execute(
            """
            UPDATE account_limits
            SET overage_cap_cents = \(limits.overageCapCents), alert_percents = \(limits.alertPercents),
                transcript_retention_days = \(limits.transcriptRetentionDays)
            WHERE tenant_id = \(tenant)
            """)
        return before
    }

    private static func find(
        _ lock: PostgresQuery, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> AccountLimits? {
        try transaction.first(
            """
            SELECT overage_cap_cents, alert_percents, transcript_retention_days FROM account_limits
            WHERE tenant_id = \(tenant) \(lock)
            """, as: Int64?.self, [Int16].self, Int?.self
        ).map { AccountLimits(overageCapCents: $0.0, alertPercents: $0.1, transcriptRetentionDays: $0.2) }
    }
}
