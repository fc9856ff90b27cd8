import ArgumentParser
import Billing
import Postgres
import Tenancy

/// `usage`: what accounts used, and what they owe for it.
struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "What accounts used in a month, and what they owe for it.",
        discussion: """
            Example:
              verbatim-admin usage report --period 2026-11
            """,
        subcommands: [
            UsageReport.self, UsageExport.self, UsageVerify.self, UsageClose.self, UsageAdjust.self,
            UsageAdjustments.self,
        ])
}

/// Which month is meant.
struct PeriodOptions: ParsableArguments {
    @Option(help: "The UTC calendar month, as YYYY-MM.")
    var period: BillingMonth

    /// Throws if the month has not begun: whatever a report said about it would be wrong a day later.
    func requireBegun(at now: Timestamp = .now()) throws {
        guard period.start <= now else { throw OperatorError("\(period) has not begun") }
    }

    /// Throws if there is no account with that id, or if there was none yet in that month.
    func requireAccount(_ id: TenantID, in transaction: PostgresTransaction) throws {
        let tenant = try Tenant.required(id, in: transaction)
        guard tenant.createdAt < period.end else {
            throw OperatorError("there was no account \(id) in \(period); it was created at \(tenant.createdAt)")
        }
    }

    /// Throws if nobody had an account in that month. It was probably mistyped, and 'agree' or 'closed' would say something untrue.
    func requireAnyAccount(in transaction: PostgresTransaction) throws {
        guard try !MonthClosing.hasAccounts(period, in: transaction) else { return }
        throw OperatorError("nobody had an account in \(period); see: verbatim-admin tenant list")
    }
}

/// Which month is meant, and whose.
struct UsageOptions: ParsableArguments {
    @OptionGroup var month: PeriodOptions
    @Option(help: "The account's id. Default: every account.")
    var tenant: TenantID?

    var period: BillingMonth { month.period }

    /// Throws if the month has not begun, or if there is no such account or was none yet in that month.
    func check(in transaction: PostgresTransaction) throws {
        try month.requireBegun()
        if let tenant { try month.requireAccount(tenant, in: transaction) }
    }
}

extension BillingMonth: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension Operation {
    /// No time-outs: a month may be large, and its reader slow.
    private static let timeout = ["statement_timeout", "idle_in_transaction_session_timeout"].map {
        (name: $0, value: "0")
    }

    /// Runs `body` once, on one snapshot of the database.
    func reading<T: Sendable>(_ body: @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await pool.transaction(settings: Self.timeout, isolation: .repeatableRead, retries: 0, body)
    }

    func writing<T: Sendable>(_ body: @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await pool.transaction(settings: Self.timeout, body)
    }
}
