import ArgumentParser
import Pipeline
import Postgres
import Tenancy

/// `status`: the state of the deployment.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the queue, the workers, the last hour's failures, and what waits for an operator.",
        discussion: """
            Only workers that hold a task are shown, idle ones are not. Webhook endpoints where every attempt has failed for a day are \
            listed with the host of their URL, those that have failed for longest first, fifty at most: an account's default endpoint \
            until it acknowledges or is changed, an address that jobs name until a week after its last attempt.

            Example:
              verbatim-admin status
            """)

    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct Worker: Encodable {
            let worker: String
            let tasks: Int64
        }
        struct Failure: Encodable {
            let error_code: String
            let error_reason: String?
            let jobs: Int64
        }
        struct Month: Encodable {
            let period: String
            let tenants: Int64
        }

        struct Endpoint: Encodable {
            let tenant_id, host: String
            let is_default: Bool
            let failing_since: String
            let last_success_at, last_try_at: String?
            let last_status_code: Int?
            let last_error: String?

            init(_ endpoint: DeploymentStatus.FailingEndpoint) {
                tenant_id = endpoint.tenant.rawValue
                host = endpoint.host
                is_default = endpoint.isDefault
                failing_since = endpoint.failingSince.rfc3339
                last_success_at = endpoint.lastSuccess?.rfc3339
                last_try_at = endpoint.lastTry?.rfc3339
                last_status_code = endpoint.lastStatusCode
                last_error = endpoint.lastError?.rawValue
            }

            var cells: [String] {
                let status = last_status_code.map { "\($0)" }
                return [tenant_id, host, failing_since, [status, last_error].compactMap { $0 }.joined(separator: " ")]
            }
        }

        let jobs_queued, jobs_processing: Int64
        let oldest_wait_seconds: Int64?
        let tasks_ready, tasks_later, tasks_running: [String: Int64]
        let long_preparations: [String: Int64]
        let workers: [Worker]
        let completed_last_hour, failed_last_hour, cancelled_last_hour: Int64
        let failures_last_hour: [Failure]
        let suspended_tenants: Int64
        let months_to_close: [Month]
        let endpoints_failing: Int64
        let failing_endpoints: [Endpoint]

        init(_ status: DeploymentStatus) {
            func counts(_ state: DeploymentStatus.TaskState) -> [String: Int64] {
                Dictionary(uniqueKeysWithValues: status.count(of: state).map { ($0.kind.rawValue, $0.count) })
            }
            jobs_queued = status.jobsQueued
            jobs_processing = status.jobsProcessing
            oldest_wait_seconds = status.oldestWaitSeconds
            tasks_ready = counts(.ready)
            tasks_later = counts(.later)
            tasks_running = counts(.running)
            long_preparations = Dictionary(
                uniqueKeysWithValues: [DeploymentStatus.TaskState.ready, .later, .running].map {
                    ($0.rawValue, status.longPreparations($0))
                })
            workers = status.workers.map { Worker(worker: $0.worker, tasks: $0.tasks) }
            completed_last_hour = status.endedLastHour[.completed] ?? 0
            failed_last_hour = status.endedLastHour[.failed] ?? 0
            cancelled_last_hour = status.endedLastHour[.cancelled] ?? 0
            failures_last_hour = status.failuresLastHour.map {
                Failure(error_code: $0.code, error_reason: $0.reason, jobs: $0.jobs)
            }
            suspended_tenants = status.suspendedTenants
            months_to_close = status.monthsToClose.map { Month(period: $0.month, tenants: $0.tenants) }
            endpoints_failing = status.endpointsFailing
            failing_endpoints = status.failingEndpoints.map(Endpoint.init)
        }

        var text: String {
            guard !failing_endpoints.isEmpty else { return table.text }
            let endpoints = Table(
                headings: ["ENDPOINT OF", "HOST", "FAILING SINCE", "LAST TRY"], rows: failing_endpoints.map(\.cells))
            return table.text + "\n\n" + endpoints.text
        }

        private var table: Table {
            let wait = oldest_wait_seconds.map { ", the oldest for \($0) s" } ?? ""
            return Table(
                headings: ["WHAT", "NOW"],
                rows: [
                    ["jobs waiting", "\(jobs_queued)\(wait)"],
                    ["jobs running", "\(jobs_processing)"],
                    ["tasks ready", Self.words(tasks_ready)],
                    ["tasks later", Self.words(tasks_later)],
                    ["tasks running", Self.words(tasks_running)],
                    ["long recordings", Self.words(long_preparations.filter { $0.value > 0 })],
                    ["workers at work", Self.list(workers.map { "\($0.worker) (\($0.tasks))" })],
                    [
                        "ended last hour",
                        "\(completed_last_hour) completed, \(failed_last_hour) failed, \(cancelled_last_hour) cancelled",
                    ],
                    [
                        "failures",
                        Self.list(
                            failures_last_hour.map { failure in
                                "\(failure.error_code)\(failure.error_reason.map { "/" + $0 } ?? "") \(failure.jobs)"
                            }),
                    ],
                    ["webhooks", endpoints_failing == 0 ? "-" : "\(endpoints_failing) endpoints failing, below"],
                    ["suspended", "\(suspended_tenants) accounts"],
                    ["months to close", Self.list(months_to_close.map { "\($0.period) (\($0.tenants) accounts)" })],
                ])
        }

        private static func words(_ counts: [String: Int64]) -> String {
            list(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
        }

        private static func list(_ words: [String]) -> String { words.isEmpty ? "-" : words.joined(separator: ", ") }
    }

    func run() async throws {
        try await Operation.run { operation in
            let answer = Answer(try await operation.pool.transaction { try DeploymentStatus.now(in: $0) })
            try Output.show(answer, json: output.json, text: answer.text)
        }
    }
}
