import ArgumentParser
import Billing
import Pipeline
import Postgres
import Tenancy

struct UsageClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close a month: write its final statements.",
        discussion: """
            Closes it for all accounts together, after the month is over and its last job has ended. A difference that 'usage verify' \
            finds prevents it. Repeating it is safe.

            Waiting jobs of a suspended account would never end, so they prevent it, too. At a terminal, the question names them, and \
            a yes cancels them first, without a bill; otherwise use --cancel-suspended. To let the jobs run instead, resume the \
            account.

            Example:
              verbatim-admin usage close --period 2026-10
            """)

    @OptionGroup var month: PeriodOptions
    @Flag(help: "Cancel the queued jobs of suspended accounts, unbilled.")
    var cancelSuspended = false
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let period: String
        let was_closed: Bool
        let statements: Int
        let cancelled_jobs: [String]
    }

    func run() async throws {
        try await Operation.run { operation in
            let (period, now) = (month.period, Timestamp.now())
            guard now >= period.end else { throw Self.sentence(.notOver(period), period) }
            let month = month
            let isDone = try await operation.reading { transaction in
                try month.requireAnyAccount(in: transaction)
                return try MonthClosing.isDone(period, in: transaction)
            }
            if isDone { return try show(.wasClosed) }
            let stranded = try await stranded(operation)
            guard stranded.isEmpty || cancelSuspended || confirmation.canAsk else {
                throw OperatorError(
                    "jobs of \(period) wait for suspended accounts (\(Self.names(stranded))). Resume the accounts, or "
                        + "cancel the jobs without a bill, with --cancel-suspended and --yes; nothing was changed")
            }
            try confirmation.confirm(
                "Close \(period) for every account? Its statements can never be changed." + Self.warning(stranded))
            let cancelled = try await cancel(stranded, operation)
            try show(try await close(at: now, operation), cancelled)
        }
    }

    /// Returns the jobs that wait for suspended accounts. Throws if anything else prevents the closing: then none of them is cancelled.
    private func stranded(_ operation: Operation) async throws -> [StrandedJob] {
        let period = month.period
        do {
            return try await operation.reading { transaction in
                let stranded = try StrandedJob.all(of: period, in: transaction)
                if !stranded.isEmpty {
                    try MonthClosing.check(period, besides: Set(stranded.map(\.id.rawValue)), in: transaction)
                }
                return stranded
            }
        } catch let obstacle as MonthClosing.Obstacle {
            throw Self.sentence(obstacle, period)
        }
    }

    private static func warning(_ stranded: [StrandedJob]) -> String {
        guard !stranded.isEmpty else { return "" }
        return " Jobs that wait for suspended accounts are cancelled first (\(names(stranded)))."
    }

    /// Says how many jobs of which accounts, and names the first twenty.
    private static func names(_ stranded: [StrandedJob]) -> String {
        let counts = Dictionary(grouping: stranded, by: \.tenant).map { "\($0): \($1.count)" }.sorted()
        let jobs = stranded.prefix(20).map(\.id.rawValue).joined(separator: ", ")
        return counts.joined(separator: ", ") + "; " + jobs + (stranded.count > 20 ? " …" : "")
    }

    /// Cancels them, one at a time. Returns those that had not ended meanwhile.
    private func cancel(_ stranded: [StrandedJob], _ operation: Operation) async throws -> [StrandedJob] {
        let (because, operatorName) = ("usage close \(month.period)", change.operatorName)
        var cancelled: [StrandedJob] = []
        for job in stranded {
            let isCancelled = try await operation.pool.transaction { transaction in
                guard try job.cancel(in: transaction) else { return false }
                try AuditEntry(
                    operator: operatorName, action: "job cancel", tenant: job.tenant, target: job.id.rawValue,
                    details: ["because": because]
                ).record(in: transaction)
                return true
            }
            if isCancelled { cancelled.append(job) }
        }
        return cancelled
    }

    private func close(at now: Timestamp, _ operation: Operation) async throws -> MonthClosing.Outcome {
        let (period, operatorName) = (month.period, change.operatorName)
        do {
            return try await operation.writing { transaction in
                let outcome = try MonthClosing.run(period, at: now, in: transaction)
                if outcome != .wasClosed {
                    try AuditEntry(
                        operator: operatorName, action: "usage close", tenant: nil, target: period.rawValue
                    ).record(in: transaction)
                }
                return outcome
            }
        } catch let obstacle as MonthClosing.Obstacle {
            throw Self.sentence(obstacle, period)
        }
    }

    private func show(_ outcome: MonthClosing.Outcome, _ cancelled: [StrandedJob] = []) throws {
        let period = month.period
        let jobs = cancelled.map(\.id.rawValue)
        switch outcome {
        case .closed(let count):
            try Output.show(
                Answer(period: period.rawValue, was_closed: false, statements: count, cancelled_jobs: jobs),
                json: output.json,
                text: "Closed \(period): \(count) statements."
                    + (jobs.isEmpty ? "" : " Cancelled jobs of suspended accounts: \(jobs.count)."))
        case .wasClosed:
            try Output.show(
                Answer(period: period.rawValue, was_closed: true, statements: 0, cancelled_jobs: jobs),
                json: output.json,
                text: "\(period) is closed already.")
        }
    }

    private static func sentence(_ obstacle: MonthClosing.Obstacle, _ period: BillingMonth) -> OperatorError {
        switch obstacle {
        case .notOver:
            OperatorError("\(period) is not over; it can be closed from \(period.end) on")
        case .unfinishedJobs(let jobs, let count):
            OperatorError(
                "\(period) cannot be closed while \(count) of its jobs are unfinished: \(jobs.joined(separator: ", "))"
                    + (count > jobs.count ? " …" : ""))
        case .differences(let differences):
            OperatorError(
                "\(period) cannot be closed before 'usage verify --period \(period)' finds nothing any more; it finds\n"
                    + differences.map(\.description).joined(separator: "\n"))
        }
    }
}
