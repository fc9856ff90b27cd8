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

    /// Claims up to `limit` tasks that need an engine, each for whose turn it is: see ``FairScheduler``.
    package func claim(limit: Int) async throws -> [ClaimedTask] {
        try await claim(.engines, limit: limit, share: limit, beside: [:])
    }

    /// Claims up to `limit` fetches, each for whose turn it is, and so that no tenant has more than `share` of this worker's.
    ///
    /// - Parameter running: how many of a tenant's it works on already.
    package func claimFetches(limit: Int, share: Int, beside running: [TenantID: Int]) async throws -> [ClaimedTask] {
        try await claim(.fetches, limit: limit, share: share, beside: running)
    }

    /// How many tenants but those have a fetch that may begin now.
    func waitingForFetches(besides full: [TenantID]) async throws -> Int {
        try await databases.system.transaction { try FairScheduler.waiting(for: .fetches, besides: full, in: $0) }
    }

    /// Claims up to `limit` preparations of long recordings, as ``claimFetches(limit:share:beside:)`` does fetches.
    package func claimPreparations(
        limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        try await claim(.preparations, limit: limit, share: share, beside: running)
    }

    private func claim(
        _ slotKind: FairScheduler.SlotKind, limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        // Most looks find nothing: they wait for nobody.
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

    /// Claims up to `limit` tasks that clean up after jobs. They need no engine, and nobody's turn.
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

    /// Extends the leases of `tasks` and answers those that this worker still holds.
    package func extend(_ tasks: [ClaimedTask]) async throws -> Set<ClaimedTask> {
        guard !tasks.isEmpty else { return [] }
        let fences = tasks.map(\.fence)
        // Whoever is just ending one of them holds it, and may be waiting for another: it is passed over.
        try await databases.leases.execute(
            """
            UPDATE tasks SET lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
            WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM tasks WHERE fence = ANY(\(fences)) AND status = 'running'
                FOR UPDATE SKIP LOCKED)
            """)
        return try await held(tasks)
    }

    /// Those of `tasks` that this worker still holds.
    package func held(_ tasks: [ClaimedTask]) async throws -> Set<ClaimedTask> {
        let fences = tasks.map(\.fence)
        let held = Set(
            try await databases.leases.query(
                "SELECT fence FROM tasks WHERE fence = ANY(\(fences)) AND status = 'running'"
            )
            .map { try $0.decode(Int64.self) })
        return Set(tasks.filter { held.contains($0.fence) })
    }

    /// Puts tasks back whose worker stopped saying that it lives. Answers those that have cost too many workers: they are claimed
    /// for the caller, who is to fail their jobs. Removing audio is never given up: it is a promise.
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
