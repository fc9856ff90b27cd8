import ArgumentParser
import Billing
import Postgres
import Tenancy

struct UsageAdjust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adjust", abstract: "Correct what an account owes for an open month.",
        discussion: """
            A positive amount is charged in addition, a negative one is credited. An adjustment stays in the ledger for good; only \
            another one can reverse it. 'usage adjustments' lists them.

            Example:
              verbatim-admin usage adjust --tenant ten_01J… --period 2026-11 --amount-cents -500 --reason "Outage of 12 November"
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var month: PeriodOptions
    @Option(
        name: .customLong("amount-cents"), parsing: .unconditional, help: "US cents; a negative amount is credited.")
    var cents: Int64
    @Option(help: "Why, 1 to 500 characters.")
    var reason: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard cents != 0, cents.magnitude <= 100_000_000_000 else {
            throw ValidationError("--amount-cents must not be 0, nor more than a billion dollars.")
        }
        _ = try plainReason()
    }

    private func plainReason() throws -> String { try PlainName.of(reason, option: "--reason", longest: 500) }

    private struct Answer: Encodable {
        let tenant_id, period, reason, author: String
        let amount_cents, adjustments_cents: Int64
    }

    func run() async throws {
        try await Operation.run { operation in
            let adjustment = Adjustment(
                tenant: tenant, month: month.period, cents: cents, reason: try plainReason(),
                author: change.operatorName)
            let now = Timestamp.now()
            let sum: Int64
            do {
                let month = month
                sum = try await operation.pool.transaction { transaction in
                    try month.requireBegun(at: now)
                    try month.requireAccount(adjustment.tenant, in: transaction)
                    return try Self.record(adjustment, in: transaction)
                }
            } catch ReservationError.monthClosed(let period) {
                throw OperatorError(
                    "\(period) is closed, and its statement no longer changes; adjust a month that is open, such as "
                        + "--period \(BillingMonth(of: now))")
            }
            try Output.show(
                Answer(
                    tenant_id: tenant.rawValue, period: month.period.rawValue, reason: adjustment.reason,
                    author: adjustment.author, amount_cents: cents, adjustments_cents: sum),
                json: output.json,
                text: "Adjusted \(month.period) of \(tenant) by \(Money.dollars(cents: cents)) \(Money.currency); "
                    + "all its adjustments come to \(Money.dollars(cents: sum)).")
        }
    }

    private static func record(
        _ adjustment: Adjustment, in transaction: PostgresTransaction
    ) throws -> Int64 {
        let sum = try adjustment.record(in: transaction)
        try AuditEntry(
            operator: adjustment.author, action: "usage adjust", tenant: adjustment.tenant,
            target: "\(adjustment.month) \(Money.dollars(cents: adjustment.cents)) \(Money.currency)",
            details: ["reason": adjustment.reason]
        ).record(in: transaction)
        return sum
    }
}
