import Postgres
import Tenancy

/// Computes a month again from its jobs and records, and compares the result with the counters, the records and the statements.
///
/// PostgreSQL computes overage and amounts here (`LedgerCheckQueries`), so that ``OverageMeter`` and ``Money`` are checked, too.
package enum LedgerCheck {
    /// Returns all differences. The transaction must be repeatable read, or have locked the months.
    package static func run(
        _ month: BillingMonth, tenant: TenantID? = nil, in transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        // A month with millions of jobs takes longer than the usual limit, but must be closed, too.
        try transaction.execute("SET LOCAL statement_timeout = 0")
        return try counters(month, tenant, transaction) + jobs(month, tenant, transaction)
            + places(month, tenant, transaction) + sums(month, tenant, transaction)
            + strayLines(month, tenant, transaction) + statements(month, tenant, transaction)
    }

    private static func statements(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        let recomputed = try recompute(month, tenant, transaction)
        let statements = try Statement.all(of: month, tenant: tenant, in: transaction)
        return statements.flatMap { compare($0, with: recomputed[$0.tenant] ?? Recomputed()) }
    }

    /// What PostgreSQL computed for a tenant's month.
    struct Recomputed {
        struct Overage: Equatable, CustomStringConvertible {
            let rate, seconds, cents: Int64

            var description: String { "\(seconds) s for \(cents) cents" }
        }

        var usedSeconds: Int64 = 0
        var adjustmentsCents: Int64 = 0
        var overage: [Overage] = []
    }

    private static func compare(_ statement: Statement, with expected: Recomputed) -> [LedgerDifference] {
        var differences: [LedgerDifference] = []
        func check(_ what: String, _ expected: some CustomStringConvertible, _ found: some CustomStringConvertible) {
            guard expected.description != found.description else { return }
            differences.append(
                LedgerDifference(
                    tenant: statement.tenant, what: "the statement's \(what)", expected: expected.description,
                    found: found.description))
        }
        check("lines", max(1, expected.overage.count), statement.lines.count)
        check("used seconds", expected.usedSeconds, statement.usedSeconds)
        check("adjustments in cents", expected.adjustmentsCents, statement.adjustmentsCents)
        var found: [Int64: Recomputed.Overage] = [:]
        for line in statement.lines where line.overageSeconds != 0 || line.amountCents != 0 {
            let rate = line.rate ?? 0
            found[rate] = .init(rate: rate, seconds: line.overageSeconds, cents: line.amountCents)
        }
        let wanted = Dictionary(expected.overage.map { ($0.rate, $0) }) { $1 }
        for rate in Set(found.keys).union(wanted.keys).sorted() {
            check(
                "overage at \(rate) micro-dollars a minute", wanted[rate]?.description ?? "none",
                found[rate]?.description ?? "none")
        }
        let total = expected.overage.reduce(expected.adjustmentsCents) { $0 + $1.cents }
        check("total in cents", total, statement.totalCents)
        return differences
    }
}

/// One thing in which the ledger, the jobs and the statements differ.
package struct LedgerDifference: Sendable, Equatable, CustomStringConvertible {
    package let tenant: TenantID
    package let what: String
    package let expected: String
    package let found: String

    package var description: String { "\(tenant): \(what): expected \(expected), found \(found)" }
}
