import Postgres
import Tenancy

/// How a deployment fares at this moment, across all tenants.
package struct DeploymentStatus: Sendable {
    /// Waiting for their start.
    package let jobsQueued: Int64
    package let jobsProcessing: Int64
    /// Of the job that waits longest; nil when none does.
    package let oldestWaitSeconds: Int64?
    package let tasks: [TaskCount]
    /// Who holds tasks at this moment. A worker that is idle is not among them.
    package let workers: [WorkerLoad]
    /// Jobs that ended within the last hour, by status.
    package let endedLastHour: [JobStatus: Int64]
    package let failuresLastHour: [FailureCount]
    package let suspendedTenants: Int64
    /// Months that are over and whose bills are not closed, oldest first.
    package let monthsToClose: [MonthToClose]
    /// Of the endpoints for webhooks, how many are marked failing.
    package let endpointsFailing: Int64
    /// Those of them that have failed longest, fifty at most.
    package let failingEndpoints: [FailingEndpoint]

    package struct TaskCount: Sendable {
        package let kind: TaskKind
        package let state: TaskState
        package let count: Int64
        /// Of those, preparations of long recordings, which have places of their own.
        package let long: Int64
    }

    package enum TaskState: String, Sendable {
        /// May be claimed now.
        case ready
        /// Waits for its time: to be tried again, or to ask an engine again.
        case later
        case running
    }

    package struct WorkerLoad: Sendable {
        package let worker: String
        package let tasks: Int64
    }

    package struct FailureCount: Sendable {
        package let code: String
        package let reason: String?
        package let jobs: Int64
    }

    package struct MonthToClose: Sendable {
        /// `YYYY-MM`.
        package let month: String
        /// Accounts whose statements `usage close` would write.
        package let tenants: Int64
    }

    package struct FailingEndpoint: Sendable {
        package let tenant: TenantID
        /// Nothing else of its URL leaves the database.
        package let host: String
        /// Or an address that jobs name.
        package let isDefault: Bool
        package let failingSince: Timestamp
        package let lastSuccess: Timestamp?
        package let lastTry: Timestamp?
        /// How the last try went: the status where there was an answer, and one word.
        package let lastStatusCode: Int?
        package let lastError: DeliveryError?
    }

    /// Preparations of long recordings.
    package func longPreparations(_ state: TaskState) -> Int64 {
        tasks.filter { $0.state == state }.reduce(0) { $0 + $1.long }
    }

    package func count(of state: TaskState) -> [(kind: TaskKind, count: Int64)] {
        tasks.filter { $0.state == state }.map { ($0.kind, $0.count) }
    }
}
