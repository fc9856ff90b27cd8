import Postgres
import Tenancy

/// The queue for workers: the tasks of all tenants, in the database. Statements are short, and no transaction is open while a task runs.
package struct TaskQueue: Sendable {
    /// How long a claim holds without a heartbeat. If a worker dies, its tasks wait for this long, and up to one ``rescueInterval`` more.
    package static let lease = Duration.seconds(15)
    /// How often a worker extends its leases: at least three times within one, so that two heartbeats can be lost without losing a task.
    package static let heartbeat = Duration.seconds(4)
    /// How often each worker looks for leases that have ended.
    package static let rescueInterval = Duration.seconds(2)
    /// After this many claims, a task whose workers keep dying is given up.
    package static let maxAttempts = 8

    private let databases: Databases
    private let worker: String

    /// - Parameter worker: the name of this process in the table `tasks`.
    package init(databases: Databases, worker: String) {
        self.databases = databases
        self.worker = worker
    }

    /// Claims up to `limit` tasks that need an engine, in the order of ``FairScheduler``.
    package func claim(limit: Int) async throws -> [ClaimedTask] {
        try await claim(.engines, limit: limit, share: limit, beside: [:])
    }

    /// Claims up to `limit` fetches, in the order of ``FairScheduler``, so that no tenant has more than `share` of this worker's.
    ///
    /// - Parameter running: how many fetches of each tenant this worker is already running.
    package func claimFetches(limit: Int, share: Int, beside running: [TenantID: Int]) async throws -> [ClaimedTask] {
        try await claim(.fetches, limit: limit, share: share, beside: running)
    }

    /// Returns how many tenants, except those in `full`, have a fetch that may begin now.
    func waitingForFetches(besides full: [TenantID]) async throws -> Int {
        try await databases.system.transaction { try FairScheduler.waiting(for: .fetches, besides: full, in: $0) }
    }

    /// Claims up to `limit` preparations of long recordings, like ``claimFetches(limit:share:beside:)``.
    package func claimPreparations(
        limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        try await claim(.preparations, limit: limit, share: share, beside: running)
    }

    private func claim(
        _ slotKind: FairScheduler.SlotKind, limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        // Most polls find nothing. They must not wait for the scheduler's lock.
        let isAnythingReady = try await databases.system.query(
            "SELECT EXISTS (SELECT FROM tasks WHERE status = 'ready' AND \(slotKind.kinds) AND run_after <= now())"
        ).first?.decode(Bool.self)
        guard isAnythingReady == true else { return [] }
        let worker = worker
        return try await databases.system.transaction { transaction in
            var scheduler = try FairScheduler.lock(for: slotKind, in: transaction)
            var held = running
            for (tenant, count) in running where count >= share { scheduler.passOver(tenant) }
            var claims: [ClaimedTask] = []
            while claims.count < limit, let scheduled = try scheduler.next(in: transaction) {
                claims.append(try Self.take(scheduled, worker, in: transaction))
                held[scheduled.tenant, default: 0] += 1
                if held[scheduled.tenant, default: 0] >= share { scheduler.passOver(scheduled.tenant) }
            }
            if !claims.isEmpty { try scheduler.save(in: transaction) }
            return claims
        }
    }

    /// Claims up to `limit` *clean* tasks. They need no engine, and tenants don't take turns.
    package func claimCleanups(limit: Int) async throws -> [ClaimedTask] {
        let worker = worker
        return try await databases.system.transaction { transaction in
            try transaction.query(
                """
                WITH next AS (
                    SELECT tenant_id, id FROM tasks
                    WHERE status = 'ready' AND run_after <= now() AND kind = 'clean'
                    ORDER BY run_after
                    FOR UPDATE SKIP LOCKED
                    LIMIT \(limit)
                )
                UPDATE tasks t SET \(Self.claimed(by: worker))
                FROM next WHERE t.tenant_id = next.tenant_id AND t.id = next.id
                RETURNING t.tenant_id, t.id, t.job_id, t.kind, t.part, t.is_long, t.attempt, t.fence
                """
            ).map(ClaimedTask.init(row:))
        }
    }

    private static func take(_ scheduled: ScheduledTask, _ worker: String, in transaction: PostgresTransaction) throws
        -> ClaimedTask
    {
        let claims = try transaction.query(
            """
            UPDATE tasks t SET starts_job = false, \(claimed(by: worker))
            WHERE tenant_id = \(scheduled.tenant) AND id = \(scheduled.task)
            RETURNING tenant_id, id, job_id, kind, part, is_long, attempt, fence
            """
        ).map(ClaimedTask.init(row:))
        guard let claim = claims.first else { throw LeaseLost() }
        return claim
    }

    private static func claimed(by worker: String) -> PostgresQuery {
        """
        status = 'running', attempt = attempt + 1, fence = nextval('task_fences'), worker = \(worker),
        first_claimed_at = coalesce(first_claimed_at, now()),
        lease_until = now() + make_interval(secs => \(lease / .seconds(1)))
        """
    }

    /// Extends the leases of `tasks`. Returns those that this worker still holds.
    package func extend(_ tasks: [ClaimedTask]) async throws -> Set<ClaimedTask> {
        guard !tasks.isEmpty else { return [] }
        let fences = tasks.map(\.fence)
        // Skips locked rows, because the transaction that is ending a task may be waiting for another of these rows.
        try await databases.leases.execute(
            """
            UPDATE tasks SET lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
            WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM tasks WHERE fence = ANY(\(fences)) AND status = 'running'
                FOR UPDATE SKIP LOCKED)
            """)
        return try await held(tasks)
    }

    /// Returns those of `tasks` that this worker still holds.
    package func held(_ tasks: [ClaimedTask]) async throws -> Set<ClaimedTask> {
        let fences = tasks.map(\.fence)
        let held = Set(
            try await databases.leases.query(
                "SELECT fence FROM tasks WHERE fence = ANY(\(fences)) AND status = 'running'"
            )
            .map { try $0.decode(Int64.self) })
        return Set(tasks.filter { held.contains($0.fence) })
    }

    /// Puts tasks with expired leases back. Tasks with ``maxAttempts`` claims are claimed for the caller instead and returned; the caller must fail
    /// their jobs. *clean* tasks are never given up, because deleting audio is a promise to the customer.
    package func rescue() async throws -> (rescued: Int, exhausted: [ClaimedTask]) {
        let worker = worker
        return try await databases.leases.transaction { transaction in
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
                RETURNING tenant_id, id, job_id, kind, part, is_long, attempt, fence
                """
            ).map(ClaimedTask.init(row:))
            return (rescued, exhausted)
        }
    }
}
