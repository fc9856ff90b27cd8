import Postgres
import Tenancy

/// The queue as workers see it: across tenants, in the database, by short statements. No transaction is open while a task runs.
package struct TaskQueue: Sendable {
    /// How long a claim holds without a heartbeat. A worker that dies costs its tasks this long.
    package static let lease = Duration.seconds(15)
    /// How often a living worker says so.
    package static let heartbeat = Duration.seconds(4)
    /// Claims after which a task that keeps killing its worker is given up.
    package static let maxAttempts = 8

    private let databases: Databases
    private let worker: String

    /// - Parameter worker: names this process in the `tasks` table.
    package init(databases: Databases, worker: String) {
        self.databases = databases
        self.worker = worker
    }

    /// Claims up to `limit` tasks of these kinds whose time has come: priority first, then the oldest job, so that what was begun ends.
    package func claim(_ kinds: [TaskKind] = TaskKind.allCases, limit: Int) async throws -> [ClaimedTask] {
        let (worker, kinds) = (worker, kinds.map(\.rawValue))
        return try await databases.system.transaction { transaction in
            try transaction.query(
                """
                WITH next AS (
                    SELECT tenant_id, id FROM tasks
                    WHERE status = 'ready' AND run_after <= now() AND kind = ANY(\(kinds))
                    ORDER BY priority, job_id, id
                    FOR UPDATE SKIP LOCKED
                    LIMIT \(limit)
                )
                UPDATE tasks t
                SET status = 'running', attempt = attempt + 1, fence = nextval('task_fences'), worker = \(worker),
                    lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
                FROM next WHERE t.tenant_id = next.tenant_id AND t.id = next.id
                RETURNING t.tenant_id, t.id, t.job_id, t.kind, t.part, t.attempt, t.fence
                """
            ).map(ClaimedTask.init(row:))
        }
    }

    /// Extends the leases of `tasks` and answers those that this worker still holds.
    package func extend(_ tasks: [ClaimedTask]) async throws -> Set<ClaimedTask> {
        guard !tasks.isEmpty else { return [] }
        let fences = tasks.map(\.fence)
        let held = try await databases.system.transaction { transaction in
            try transaction.query(
                """
                UPDATE tasks SET lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
                WHERE fence = ANY(\(fences)) AND status = 'running'
                RETURNING fence
                """
            ).map { try $0.decode(Int64.self) }
        }
        return Set(tasks.filter { held.contains($0.fence) })
    }

    /// Puts tasks back whose worker stopped saying that it lives. Answers those that have cost too many workers: they are claimed
    /// for the caller, who is to fail their jobs. Removing audio is never given up: it is a promise.
    package func rescue() async throws -> (rescued: Int, exhausted: [ClaimedTask]) {
        let worker = worker
        return try await databases.system.transaction { transaction in
            let rescued = try transaction.execute(
                """
                UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, last_error = 'worker_lost'
                WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM tasks
                    WHERE status = 'running' AND lease_until < now()
                        AND (attempt < \(Self.maxAttempts) OR kind = 'clean')
                    FOR UPDATE SKIP LOCKED LIMIT 1000)
                """)
            let exhausted = try transaction.query(
                """
                UPDATE tasks SET fence = nextval('task_fences'), worker = \(worker),
                    lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
                WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM tasks
                    WHERE status = 'running' AND lease_until < now()
                        AND attempt >= \(Self.maxAttempts) AND kind <> 'clean'
                    FOR UPDATE SKIP LOCKED LIMIT 100)
                RETURNING tenant_id, id, job_id, kind, part, attempt, fence
                """
            ).map(ClaimedTask.init(row:))
            return (rescued, exhausted)
        }
    }
}

extension ClaimedTask {
    fileprivate init(row: PostgresRow) throws {
        (tenant, id, job, kind, part, attempt, fence) = try row.decode(
            TenantID.self, Int64.self, JobID.self, TaskKind.self, Int?.self, Int.self, Int64.self)
    }
}
