import Billing
import Postgres
import Tenancy

/// An account's limits and how far its month is used, as `--json` shows them.
struct QuotaRow: Encodable {
    let tenant_id, plan: String
    let monthly_minutes, max_file_bytes, max_duration_seconds: Int64
    let concurrency: Int
    let overage_enabled, queueing_enabled: Bool
    /// Nil where the plan sells none.
    let overage_micros_per_minute: Int64?
    /// Which of the limits are the account's own.
    let own: [String]
    /// The current month, `YYYY-MM`.
    let period: String
    let used_seconds, reserved_seconds: Int64

    static func load(of id: TenantID, in transaction: PostgresTransaction) throws -> QuotaRow {
        guard let allowance = try Allowance.of(id, in: transaction) else { throw OperatorError.noTenant(id) }
        let own = try QuotaOverrides.of(id, in: transaction).values
        let month = BillingMonth(of: .now())
        let state = try MonthState.of(month, tenant: id, in: transaction)
        return QuotaRow(
            tenant_id: id.rawValue, plan: allowance.plan.rawValue, monthly_minutes: allowance.monthlyMinutes,
            max_file_bytes: allowance.maxFileBytes, max_duration_seconds: allowance.maxDurationSeconds,
            concurrency: allowance.concurrency, overage_enabled: allowance.isOverageEnabled,
            queueing_enabled: allowance.isQueueingEnabled, overage_micros_per_minute: allowance.overageRate,
            own: QuotaOverrides.Field.allCases.filter { own[$0] != nil }.map(\.rawValue), period: month.rawValue,
            used_seconds: state.used, reserved_seconds: state.reserved)
    }

    var text: String {
        let limits: [(QuotaOverrides.Field, String)] = [
            (.monthlyMinutes, "\(monthly_minutes)"), (.maxFileBytes, "\(max_file_bytes)"),
            (.maxDurationSeconds, "\(max_duration_seconds)"), (.concurrency, "\(concurrency)"),
            (.overage, Self.words(overage_enabled)), (.queueing, Self.words(queueing_enabled)),
        ]
        let table = Table(
            headings: ["LIMIT", "VALUE", "SET BY"],
            rows: limits.map { [$0.0.option, $0.1, own.contains($0.0.rawValue) ? "operator" : plan] })
        return table.text
            + "\n\n\(period): \(Self.minutes(used_seconds)) minutes used, \(Self.minutes(reserved_seconds)) reserved."
    }

    private static func words(_ isOn: Bool) -> String { isOn ? "on" : "off" }

    /// With two decimals, rounded down.
    private static func minutes(_ seconds: Int64) -> String {
        let hundredths = seconds % 60 * 100 / 60
        return "\(seconds / 60).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
}
