import Billing
import Postgres
import Synchronization
import Tenancy

/// The queue for workers: the tasks of all tenants, in the database. Statements are short, and no transaction is open while a task runs.
package struct TaskQueue: Sendable {
    /// How long a claim holds without a heartbeat. If a worker dies, its tasks wait for this long, and up to one poll of a ``WorkPoller`` more.
    package static let lease = Duration.seconds(15)
    /// How often a worker extends its leases: at least three times within one, so that two heartbeats can be lost without losing a task.
    package static let heartbeat = Duration.seconds(4)
    /// After this many claims, a task whose workers keep dying is given up.
    package static let maxAttempts = 8

    /// Planning a claim takes longer than running it, and its plan does not depend on its binds.
    private static let planOnce = [(name: "plan_cache_mode", value: "force_generic_plan")]

    private let databases: Databases
    private let worker: String
    private let turns: PriorityTurns

    /// - Parameters:
    ///   - worker: the name of this process in the table `tasks`.
    ///   - priorityTurns: how many turns the priority class has had. At random, so that the normal class gets its share even if workers live for
    ///     a few turns only.
    package init(
        databases: Databases, worker: String,
        priorityTurns: Int = .random(in: 0...FairScheduler.mostPriorityTurns)
    ) {
        self.databases = databases
        self.worker = worker
        turns = PriorityTurns(priorityTurns)
    }

    /// A condition for a ``WorkPoller``: whether there is something that ``look()`` would find.
    static func isAnythingDue() -> PostgresQuery {
        PostgresQuery(joining: DueTasks.conditions, separator: " OR ")
    }

    /// Returns what there is to do for workers.
    func look() async throws -> DueTasks {
        let conditions = PostgresQuery(joining: DueTasks.conditions, separator: ", ")
        let row = try await databases.leases.query("SELECT ARRAY[\(conditions)]").first
        return DueTasks(try row?.decode([Bool].self) ?? [])
    }

    /// Puts the order of turns right, see ``TenantTurns/tend(everywhere:in:)``.
    package func tend() async throws {
        try await databases.system.transaction { try TenantTurns.tend(in: $0) }
    }

    /// Looks for tasks that were forgotten, of all tenants.
    package static func tendEverywhere(in databases: Databases) async throws {
        try await databases.system.transaction { try TenantTurns.tend(everywhere: true, in: $0) }
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
        try await databases.system.transaction { transaction in
            let tenants = try [QueuePriority.priority, .normal].flatMap {
                try TenantTurns(.fetches, $0).waiting(besides: full, in: transaction)
            }
            return Set(tenants).count
        }
    }

    /// Claims up to `limit` preparations of long recordings, like ``claimFetches(limit:share:beside:)``.
    package func claimPreparations(
        limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        try await claim(.preparations, limit: limit, share: share, beside: running)
    }

    private func claim(
        _ slotKind: SlotKind, limit: Int, share: Int, beside running: [TenantID: Int]
    ) async throws -> [ClaimedTask] {
        var claims: [ClaimedTask] = []
        var held = running
        for round in 0..<Self.mostRounds {
            let (next, isContended): ([ClaimedTask], Bool)
            do {
                (next, isContended) = try await claim(
                    slotKind, limit: limit - claims.count, share: share, beside: held, waiting: round > 0)
            } catch  where !claims.isEmpty {
                // What is claimed is ours, whatever happens to the rest.
                break
            }
            claims += next
            for claim in next { held[claim.tenant, default: 0] += 1 }
            if !isContended { break }
        }
        return claims
    }

    /// After this many rounds, a claim leaves what it did not get to the next one.
    private static let mostRounds = 4

    /// Claims in one transaction. Returns whether it got less than `limit` although there may be more.
    ///
    /// - Parameter waiting: waits first until others have given a tenant's turn.
    private func claim(
        _ slotKind: SlotKind, limit: Int, share: Int, beside running: [TenantID: Int], waiting: Bool
    ) async throws -> ([ClaimedTask], isContended: Bool) {
        let (worker, priorityTurns) = (worker, turns[slotKind])
        let full = running.filter { $0.value >= share }.map(\.key)
        let (claims, isContended, after) = try await databases.system.transaction(settings: Self.planOnce) {
            transaction in
            var scheduler = FairScheduler(slotKind, worker: worker, priorityTurns: priorityTurns, passingOver: full)
            if waiting { try scheduler.wait(in: transaction) }
            var held = running
            var claims: [ClaimedTask] = []
            while claims.count < limit {
                let next = try scheduler.next(limit: limit - claims.count, in: transaction)
                if next.isEmpty { break }
                for claim in next {
                    held[claim.tenant, default: 0] += 1
                    if held[claim.tenant, default: 0] >= share { scheduler.passOver(claim.tenant) }
                }
                claims += next
            }
            let isContended = try claims.count < limit && scheduler.isContended(in: transaction)
            return (claims, isContended, scheduler.priorityTurns)
        }
        turns[slotKind] = after
        return (claims, isContended)
    }

    /// Claims up to `limit` *clean* tasks. They need no engine, and count as no turn of their tenant.
    package func claimCleanups(limit: Int) async throws -> [ClaimedTask] {
        try await claimFirst(limit, "kind = 'clean'")
    }

    /// Claims up to `limit` tasks that only ask external engines. They need no slot of an engine here, and count as no turn of their tenant.
    package func claimPolls(limit: Int) async throws -> [ClaimedTask] {
        try await claimFirst(limit, "is_poll")
    }

    /// Of the thousand that are due longest, claims the first of each tenant before anybody's second.
    private func claimFirst(_ limit: Int, _ condition: PostgresQuery) async throws -> [ClaimedTask] {
        let worker = worker
        return try await databases.system.transaction { transaction in
            try transaction.query(
                """
                WITH next AS (
                    SELECT t.tenant_id, t.id FROM (
                        SELECT tenant_id, id, run_after, row_number() OVER (PARTITION BY tenant_id ORDER BY run_after) AS place
                        FROM (
                            SELECT tenant_id, id, run_after FROM tasks
                            WHERE status = 'ready' AND run_after <= now() AND \(condition)
                            ORDER BY run_after LIMIT 1000) due) d
                    JOIN tasks t ON t.tenant_id = d.tenant_id AND t.id = d.id AND t.status = 'ready'
                    ORDER BY d.place, d.run_after LIMIT \(limit)
                    FOR UPDATE OF t SKIP LOCKED
                )
                UPDATE tasks t SET \(Self.claimed(by: worker))
                FROM next WHERE t.tenant_id = next.tenant_id AND t.id = next.id
                RETURNING t.tenant_id, t.id, t.job_id, t.kind, t.part, t.is_long, t.is_poll, t.attempt, t.fence,
                    \(ClaimedTask.trace(of: "t"))
                """
            ).map(ClaimedTask.init(row:))
        }
    }

    /// What a claim sets in the table `tasks`.
    static func claimed(by worker: String) -> PostgresQuery {
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
        let tenants = try await databases.leases.query(
            "SELECT DISTINCT tenant_id FROM tasks WHERE status = 'running' AND lease_until < now() LIMIT 100"
        ).map { try $0.decode(TenantID.self) }
        var rescued = 0
        // One tenant at a time: a transaction that gave work to several would lock their turns in any order.
        for tenant in tenants {
            rescued += try await databases.leases.execute(
                """
                UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, last_error = 'worker_lost'
                WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM tasks
                    WHERE tenant_id = \(tenant) AND status = 'running' AND lease_until < now()
                        AND (attempt < \(Self.maxAttempts) OR kind = 'clean')
                    FOR UPDATE SKIP LOCKED LIMIT 1000)
                """)
        }
        let exhausted = try await databases.leases.transaction { transaction in
            try transaction.query(
                """
                UPDATE tasks SET fence = nextval('task_fences'), worker = \(worker),
                    lease_until = now() + make_interval(secs => \(Self.lease / .seconds(1)))
                WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM tasks
                    WHERE status = 'running' AND lease_until < now()
                        AND attempt >= \(Self.maxAttempts) AND kind <> 'clean'
                    FOR UPDATE SKIP LOCKED LIMIT 100)
                RETURNING tenant_id, id, job_id, kind, part, is_long, is_poll, attempt, fence, \(ClaimedTask.trace(of: "tasks"))
                """
            ).map(ClaimedTask.init(row:))
        }
        return (rescued, exhausted)
    }
}

/// How many turns in a row the priority class has had at this worker, by kind of slot.
private final class PriorityTurns: Sendable {
    private let counts: Mutex<[SlotKind: Int]>

    init(_ count: Int) { counts = Mutex(Dictionary(uniqueKeysWithValues: SlotKind.allCases.map { ($0, count) })) }

    subscript(slotKind: SlotKind) -> Int {
        get { counts.withLock { $0[slotKind] ?? 0 } }
        set { counts.withLock { $0[slotKind] = newValue } }
    }
}
