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
        ])
}

/// Which month is meant.
struct PeriodOptions: ParsableArguments {
    @Option(help: "The UTC calendar month, as YYYY-MM.")
    var period: BillingMonth
}

/// Which month is meant, and whose.
struct UsageOptions: ParsableArguments {
    @OptionGroup var month: PeriodOptions
    @Option(help: "The account's id. Default: every account.")
    var tenant: TenantID?

    var period: BillingMonth { month.period }

    /// Throws when an account was named that there is not.
    func requireTenant(in transaction: PostgresTransaction) throws {
        guard let tenant, try Tenant.find(tenant, in: transaction) == nil else { return }
        throw OperatorError("there is no tenant \(tenant); see: verbatim-admin tenant list")
    }
}

extension BillingMonth: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension Operation {
    /// As long as it takes: a month may be large, and its reader slow.
    private static let patience = ["statement_timeout", "idle_in_transaction_session_timeout"].map {
        (name: $0, value: "0")
    }

    /// One picture of a month, whatever happens meanwhile. `body` runs once.
    func reading<T: Sendable>(_ body: @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await pool.transaction(settings: Self.patience, isolation: .repeatableRead, retries: 0, body)
    }

    func writing<T: Sendable>(_ body: @Sendable (PostgresTransaction) throws -> T) async throws -> T {
        try await pool.transaction(settings: Self.patience, body)
    }
}
