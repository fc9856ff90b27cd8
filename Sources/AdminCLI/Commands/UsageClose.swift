import ArgumentParser
import Billing
import Postgres
import Tenancy

struct UsageClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Write a month's statements down for good.",
        discussion: """
            All accounts at once, once the month is over and its last job has ended. What 'usage verify' finds is in the way. Repeating it is safe.

            Example:
              verbatim-admin usage close --period 2026-10
            """)

    @OptionGroup var month: PeriodOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let period: String
        let was_closed: Bool
        let statements: Int
    }

    func run() async throws {
        try await Operation.run { operation in
            let (period, now) = (month.period, Timestamp.now())
            guard now >= period.end else { throw Self.sentence(.notOver(period), period) }
            if try await operation.reading({ try MonthClosing.isDone(period, in: $0) }) {
                return try show(.wasClosed)
            }
            try confirmation.confirm("Close \(period) for every account? Its statements can never be changed.")
            try show(try await close(at: now, operation))
        }
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

    private func show(_ outcome: MonthClosing.Outcome) throws {
        let period = month.period
        switch outcome {
        case .closed(let count):
            try Output.show(
                Answer(period: period.rawValue, was_closed: false, statements: count), json: output.json,
                text: "Closed \(period): \(count) statements.")
        case .wasClosed:
            try Output.show(
                Answer(period: period.rawValue, was_closed: true, statements: 0), json: output.json,
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
