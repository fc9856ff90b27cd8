import Billing
import Postgres
import Tenancy

/// An account's limits and this month's usage, as `--json` shows them.
struct QuotaRow: Encodable {
    let tenant: TenantID
    let effectiveLimits: EffectiveLimits
    /// The limits that are the account's own, not its plan's.
    let own: [QuotaOverrides.Field]
    /// The cap that an operator has set, in cents; nil if there is none.
    let operatorCap: Int64?
    /// The current month.
    let month: BillingMonth
    let state: UsageMonth

    static func load(of id: TenantID, in transaction: PostgresTransaction) throws -> QuotaRow {
        guard let effectiveLimits = try EffectiveLimits.of(id, in: transaction) else {
            throw OperatorError.noTenant(id)
        }
        let overrides = try QuotaOverrides.of(id, in: transaction)
        let own = overrides.values
        let month = BillingMonth(of: .now())
        return QuotaRow(
            tenant: id, effectiveLimits: effectiveLimits, own: QuotaOverrides.Field.allCases.filter { own[$0] != nil },
            operatorCap: overrides.overageCapCents,
            month: month,
            state: try UsageMonth.of(month, tenant: id, in: transaction))
    }

    func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: NameKey.self)
        try row.encode(tenant.rawValue, forKey: NameKey("tenant_id"))
        try row.encode(effectiveLimits.plan.rawValue, forKey: NameKey("plan"))
        for limit in Limit.allCases {
            try row.encode(effectiveLimits.limits[limit], forKey: NameKey(limit.column.description))
        }
        for flag in AccountSwitch.allCases {
            try row.encode(effectiveLimits.switches.contains(flag), forKey: NameKey(flag.column.description))
        }
        // Missing if the plan sells none.
        try row.encodeIfPresent(effectiveLimits.overageRate, forKey: NameKey("overage_micros_per_minute"))
        // Missing if there is none: the customer's or the operator's, whichever is less.
        try row.encodeIfPresent(effectiveLimits.overageCapCents, forKey: NameKey("overage_cap_cents"))
        try row.encode(own.map(\.column), forKey: NameKey("own"))
        try row.encode(month.rawValue, forKey: NameKey("period"))
        try row.encode(state.used, forKey: NameKey("used_seconds"))
        try row.encode(state.reserved, forKey: NameKey("reserved_seconds"))
    }

    var text: String {
        let limits = Limit.allCases.map { (QuotaOverrides.Field.limit($0), "\(effectiveLimits.limits[$0])") }
        let switches = AccountSwitch.allCases.map {
            (QuotaOverrides.Field.flag($0), effectiveLimits.switches.contains($0) ? "on" : "off")
        }
        var rows = (limits + switches).map { field, value in
            [field.option, value, own.contains(field) ? "operator" : effectiveLimits.plan.rawValue]
        }
        let cap = effectiveLimits.overageCapCents
        rows.append([
            QuotaOverrides.Field.overageCap.option, cap.map { "\($0)" } ?? "none",
            cap == nil ? "-" : cap == operatorCap ? "operator" : "customer",
        ])
        let table = Table(headings: ["LIMIT", "VALUE", "SET BY"], rows: rows)
        return table.text
            + "\n\n\(month.rawValue): \(Self.minutes(state.used)) minutes used, \(Self.minutes(state.reserved)) reserved."
    }

    /// Returns minutes with two decimals, rounded down.
    private static func minutes(_ seconds: Int64) -> String {
        let hundredths = seconds % 60 * 100 / 60
        return "\(seconds / 60).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
}
