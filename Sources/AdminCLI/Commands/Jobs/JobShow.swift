import ArgumentParser
import Billing
import Pipeline
import Postgres
import Tenancy

struct JobShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a job and its tasks: who works on them, how often, and what went wrong.",
        discussion: """
            Shows no words, metadata or file names, and only the host of a URL. A job is billed by its decoded length, rounded up to \
            the next second. While its month is open, its overage can still become less.

            Example:
              verbatim-admin job show job_01J…
            """)

    @Argument(help: "The job's id.")
    var jobID: JobID
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let job: JobRow
        let bill: BillRow?
        let tasks: [TaskRow]

        /// Writes the job's members, and also `bill` and `tasks`.
        func encode(to encoder: any Encoder) throws {
            try job.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encodeIfPresent(bill, forKey: .bill)
            try container.encode(tasks, forKey: .tasks)
        }

        private enum Key: CodingKey {
            case bill, tasks
        }
    }

    /// The terms on which the job was admitted, and its overage.
    private struct BillRow: Encodable {
        let period, plan: String
        let accept_overage: Bool
        let rate_micros_per_minute, overage_seconds: Int64?

        init(_ bill: JobBill) {
            period = bill.month.rawValue
            plan = bill.plan.rawValue
            accept_overage = bill.acceptsOverage
            rate_micros_per_minute = bill.rate
            overage_seconds = bill.overageSeconds
        }

        var rateText: String {
            let rate =
                rate_micros_per_minute.map { "\(Money.dollars(micros: $0)) \(Money.currency) a minute" } ?? "none sold"
            return rate + (accept_overage ? ", accepted" : ", not accepted")
        }
    }

    private struct TaskRow: Encodable {
        let kind, status, run_after: String
        let part: Int?
        let attempt: Int
        let worker, lease_until, last_error: String?

        init(_ task: TaskOverview) {
            kind = task.kind.rawValue
            status = task.status
            run_after = task.runAfter.rfc3339
            part = task.part
            attempt = task.attempt
            worker = task.worker
            lease_until = task.leaseUntil?.rfc3339
            last_error = task.lastError
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let id = jobID
            let answer = try await operation.pool.transaction { transaction in
                guard let job = try JobOverview.find(id, in: transaction) else {
                    throw OperatorError("there is no job \(id); see: verbatim-admin job list")
                }
                return Answer(
                    job: JobRow(job),
                    bill: try JobBill.of(job.id, of: job.tenant, in: transaction).map(BillRow.init),
                    tasks: try TaskOverview.all(of: job, in: transaction).map(TaskRow.init))
            }
            try Output.show(
                answer, json: output.json,
                text: Self.facts(answer.job, answer.bill).text + "\n\n" + Self.table(answer.tasks).text)
        }
    }

    private static func facts(_ job: JobRow, _ bill: BillRow?) -> Table {
        let source = [
            job.source_type, job.source_host, job.source_bytes.map { "\($0) bytes" },
            job.source_deleted_at.map { "deleted \($0)" } ?? (job.source_kept ? "kept" : nil),
        ]
        let facts: [(String, String?)] = [
            ("tenant", job.tenant_id), ("key", job.key_id), ("status", job.status), ("error", job.error),
            ("created", job.created_at),
            ("started", job.started_at), ("ended", job.completed_at), ("done", job.progressText),
            ("length", job.duration_seconds.map { "\($0) s" }), ("language", job.language), ("engine", job.engine),
            ("speakers", job.diarize ? "asked for" : "not asked for"),
            ("source", source.compactMap { $0 }.joined(separator: ", ")),
            ("reserved", job.reserved_seconds.map { "\($0) s" }), ("billed", job.used_seconds.map { "\($0) s" }),
            ("overage", bill?.overage_seconds.map { "\($0) s" }), ("overage rate", bill?.rateText),
            ("month", bill?.period), ("plan", bill?.plan),
        ]
        return Table(
            headings: ["JOB", job.job_id], rows: facts.compactMap { name, value in value.map { [name, $0] } })
    }

    private static func table(_ tasks: [TaskRow]) -> Table {
        Table(
            headings: ["TASK", "PART", "STATUS", "ATTEMPT", "NOT BEFORE", "WORKER", "LAST ERROR"],
            rows: tasks.map {
                [
                    $0.kind, $0.part.map(String.init) ?? "-", $0.status, "\($0.attempt)", $0.run_after,
                    $0.worker ?? "-", $0.last_error ?? "-",
                ]
            })
    }
}
