import Billing
import Postgres
import Tenancy

/// The state of a deployment at one moment, across all tenants.
package struct DeploymentStatus: Sendable {
    /// Jobs that have not started yet.
    package let jobsQueued: Int64
    package let jobsProcessing: Int64
    /// How long the oldest queued job has waited; nil if none waits.
    package let oldestWaitSeconds: Int64?
    package let tasks: [TaskCount]
    /// The workers that hold tasks now. Idle workers are not among them.
    package let workers: [WorkerLoad]
    /// Jobs that ended within the last hour, by status.
    package let endedLastHour: [JobStatus: Int64]
    package let failuresLastHour: [FailureCount]
    package let suspendedTenants: Int64
    /// Months that are over but not closed, oldest first.
    package let monthsToClose: [MonthToClose]
    /// How many webhook endpoints are failing.
    package let endpointsFailing: Int64
    /// The endpoints that have failed longest, at most 50.
    package let failingEndpoints: [FailingEndpoint]

    package struct TaskCount: Sendable {
        package let kind: TaskKind
        package let state: TaskState
        package let count: Int64
        /// How many of those are preparations of long recordings, which have slots of their own.
        package let long: Int64
    }

    package enum TaskState: String, Sendable {
        /// May be claimed now.
        case ready
        /// Waits for a retry, or until it asks an engine again.
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
        /// The number of accounts whose statements `usage close` would write.
        package let tenants: Int64
    }

    package struct FailingEndpoint: Sendable {
        package let tenant: TenantID
        /// The host of its URL. Nothing else of the URL leaves the database.
        package let host: String
        /// Whether it is the account's default endpoint; else jobs name it.
        package let isDefault: Bool
        package let failingSince: Timestamp
        package let lastSuccess: Timestamp?
        package let lastTry: Timestamp?
        /// The result of the last attempt: the status if there was a response, and an error.
        package let lastStatusCode: Int?
        package let lastError: DeliveryError?
    }

    /// Returns the number of preparations of long recordings.
    package func longPreparations(_ state: TaskState) -> Int64 {
        tasks.filter { $0.state == state }.reduce(0) { $0 + $1.long }
    }

    package func count(of state: TaskState) -> [(kind: TaskKind, count: Int64)] {
        tasks.filter { $0.state == state }.map { ($0.kind, $0.count) }
    }
}

extension DeploymentStatus {
    /// Reads the state of the queue, the ended jobs and the ledger, as the owner of the tables. All times except the month's are the database's.
    package static func now(
        month: BillingMonth = BillingMonth(of: .now()), in transaction: PostgresTransaction
    ) throws -> DeploymentStatus {
        let open = try openJobs(transaction)
        let failing = try failingEndpoints(transaction)
        return DeploymentStatus(
            jobsQueued: open.queued, jobsProcessing: open.processing, oldestWaitSeconds: open.oldestWait,
            tasks: try tasks(transaction), workers: try workers(transaction),
            endedLastHour: try ended(transaction), failuresLastHour: try failures(transaction),
            suspendedTenants: try transaction.first(
                "SELECT count(*) FROM tenants WHERE status = 'suspended'", as: Int64.self) ?? 0,
            monthsToClose: try MonthClosing.open(before: month, in: transaction).map {
                MonthToClose(month: $0.month.rawValue, tenants: $0.statements)
            }, endpointsFailing: failing.count,
            failingEndpoints: failing.longest)
    }

    private static func openJobs(
        _ transaction: PostgresTransaction
    ) throws -> (queued: Int64, processing: Int64, oldestWait: Int64?) {
        try transaction.first(
            """
            SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'processing'),
                extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'queued'))::int8
            FROM jobs WHERE status IN ('queued', 'processing')
            """, as: Int64.self, Int64.self, Int64?.self
        ).map { (queued: $0.0, processing: $0.1, oldestWait: $0.2) } ?? (0, 0, nil)
    }

    private static func tasks(_ transaction: PostgresTransaction) throws -> [TaskCount] {
        try transaction.all(
            """
            SELECT kind, CASE WHEN status = 'running' THEN 'running' WHEN run_after > now() THEN 'later' ELSE 'ready' END,
                count(*), count(*) FILTER (WHERE is_long)
            FROM (
                -- Each part uses an index of its own, so old tasks cost nothing.
                SELECT kind, status, run_after, is_long FROM tasks WHERE status = 'ready' AND kind <> 'clean'
                UNION ALL
                SELECT kind, status, run_after, is_long FROM tasks WHERE status = 'ready' AND kind = 'clean'
                UNION ALL
                SELECT kind, status, run_after, is_long FROM tasks WHERE status = 'running'
            ) unfinished GROUP BY 1, 2 ORDER BY 1, 2
            """, as: TaskKind.self, String.self, Int64.self, Int64.self
        ).compactMap { row in
            TaskState(rawValue: row.1).map { TaskCount(kind: row.0, state: $0, count: row.2, long: row.3) }
        }
    }

    private static func workers(_ transaction: PostgresTransaction) throws -> [WorkerLoad] {
        try transaction.all(
            """
            SELECT worker, count(*) FROM tasks
            WHERE status = 'running' AND lease_until > now() AND worker IS NOT NULL GROUP BY 1 ORDER BY 1
            """, as: String.self, Int64.self
        ).map { WorkerLoad(worker: $0.0, tasks: $0.1) }
    }

    private static func ended(_ transaction: PostgresTransaction) throws -> [JobStatus: Int64] {
        let rows = try transaction.all(
            "SELECT status, count(*) FROM jobs WHERE completed_at > now() - interval '1 hour' GROUP BY 1",
            as: JobStatus.self, Int64.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
    }

    private static func failures(_ transaction: PostgresTransaction) throws -> [FailureCount] {
        try transaction.all(
            """
            SELECT error_code, error_reason, count(*) FROM jobs
            WHERE status = 'failed' AND completed_at > now() - interval '1 hour'
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """, as: String.self, String?.self, Int64.self
        ).map { FailureCount(code: $0.0, reason: $0.1, jobs: $0.2) }
    }

    /// Returns failing endpoints: default ones, and others with an attempt within a week. The rest were named by old jobs and matter to nobody.
    private static func failingEndpoints(
        _ transaction: PostgresTransaction
    ) throws -> (count: Int64, longest: [FailingEndpoint]) {
        let rows = try transaction.query(
            #"""
            SELECT count(*) OVER (), e.tenant_id,
                coalesce(substring(e.url from '^[A-Za-z]+://(?:[^/?#]*@)?(\[[^]]*\]|[^/?#:]*)'), ''),
                e.is_default, e.failing_since, e.last_success, a.at, a.status_code, a.error
            FROM webhook_endpoints e LEFT JOIN LATERAL (
                SELECT a.at, a.status_code, a.error
                FROM webhook_events v JOIN webhook_attempts a ON a.tenant_id = v.tenant_id AND a.event_id = v.id
                WHERE v.tenant_id = e.tenant_id AND v.url = e.url ORDER BY a.at DESC, a.number DESC LIMIT 1) a ON true
            WHERE e.failing_since IS NOT NULL AND (e.is_default OR a.at > now() - interval '7 days')
            ORDER BY e.failing_since, e.tenant_id, e.url LIMIT 50
            """#)
        let endpoints = try rows.map { row in
            let (count, tenant, host, isDefault, since, success, at, code, error) = try row.decode(
                Int64.self, TenantID.self, String.self, Bool.self, Timestamp.self, Timestamp?.self, Timestamp?.self,
                Int?.self, DeliveryError?.self)
            return (
                count: count,
                endpoint: FailingEndpoint(
                    tenant: tenant, host: host, isDefault: isDefault, failingSince: since, lastSuccess: success,
                    lastTry: at, lastStatusCode: code, lastError: error)
            )
        }
        return (endpoints.first?.count ?? 0, endpoints.map(\.endpoint))
    }
}
