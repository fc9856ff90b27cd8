import Billing
import Postgres
import Tenancy

/// Chooses the next task for a free slot.
///
/// The priority class goes first, but one turn in five goes to the normal class. Within a class tenants take turns, however many tasks one of
/// them has queued. Within a tenant, tasks of started jobs come before new jobs, the oldest first. A job starts only within its tenant's
/// concurrency, and not while the account is suspended.
///
/// Tasks are chosen one at a time, however many workers ask, because this value holds a lock on the scheduler's row. Rows that other
/// transactions have locked are skipped, so that no two transactions wait for each other.
struct FairScheduler {
    /// After this many turns of the priority class in a row, the next turn goes to the normal class.
    private static let mostPriorityTurns = 4

    /// A kind of slot. Each kind counts its turns separately.
    enum SlotKind: Sendable {
        case engines, fetches
        /// Preparations of long recordings.
        case preparations

        /// A condition on tasks. Its first part is the condition of the index.
        var kinds: PostgresQuery {
            switch self {
            case .engines: "kind <> 'clean' AND kind <> 'fetch' AND NOT is_long"
            case .fetches: "kind <> 'clean' AND kind = 'fetch'"
            case .preparations: "kind <> 'clean' AND is_long"
            }
        }

        /// The column of `scheduler` that counts the turns in a row of the priority class.
        fileprivate var inARow: PostgresQuery {
            switch self {
            case .engines: "priority_streak"
            case .fetches: "fetch_priority_streak"
            case .preparations: "preparation_priority_streak"
            }
        }

        /// The column of `tenant_load` with the number of the tenant's last turn.
        fileprivate var lastTurn: PostgresQuery {
            switch self {
            case .engines: "last_claim"
            case .fetches: "last_fetch_claim"
            case .preparations: "last_preparation_claim"
            }
        }
    }

    private let slotKind: SlotKind
    private var number: Int64
    private var inARow: Int
    /// Tenants that get no further task now: their next one is locked by another transaction, or they already have their share of the slots.
    private var passedOver: [TenantID] = []

    /// Locks the scheduler's row. Waits if another worker has locked it.
    static func lock(for slotKind: SlotKind, in transaction: PostgresTransaction) throws -> FairScheduler {
        guard
            let (number, inARow) = try transaction.first(
                "SELECT last_claim, \(slotKind.inARow) FROM scheduler FOR UPDATE", as: Int64.self, Int.self)
        else { throw SchedulerRowMissing() }
        return FairScheduler(slotKind: slotKind, number: number, inARow: inARow)
    }

    func save(in transaction: PostgresTransaction) throws {
        try transaction.execute("UPDATE scheduler SET last_claim = \(number), \(slotKind.inARow) = \(inARow)")
    }

    /// Makes the scheduler choose no more tasks of this tenant.
    mutating func passOver(_ tenant: TenantID) { passedOver.append(tenant) }

    /// Chooses and locks the next task, and records the turn and the job's start. Returns nil if there is no task.
    mutating func next(in transaction: PostgresTransaction) throws -> ScheduledTask? {
        while let (scheduled, inARow) = try candidate(in: transaction) {
            guard try scheduled.lock(in: transaction) else {
                passOver(scheduled.tenant)
                continue
            }
            number += 1
            self.inARow = inARow
            try scheduled.note(number, of: slotKind, in: transaction)
            return scheduled
        }
        return nil
    }

    /// Returns how many tenants, except those in `full`, have a task of that kind that may be claimed now.
    static func waiting(for slotKind: SlotKind, besides full: [TenantID], in transaction: PostgresTransaction) throws
        -> Int
    {
        try transaction.first(
            """
            SELECT count(DISTINCT t.tenant_id) FROM tasks t
            JOIN tenant_load l ON l.tenant_id = t.tenant_id
            JOIN tenants n ON n.id = t.tenant_id
            JOIN plans p ON p.name = n.plan
            LEFT JOIN quota_overrides q ON q.tenant_id = t.tenant_id
            WHERE t.status = 'ready' AND \(slotKind.kinds) AND t.run_after <= now()
                AND t.tenant_id <> ALL(\(full.map(\.rawValue))::text[])
                AND (NOT t.starts_job OR n.status = 'active' AND l.running_jobs < coalesce(q.concurrency, p.concurrency))
            """, as: Int.self) ?? 0
    }

    /// Returns the next task, and how many turns in a row the priority class has then had.
    private func candidate(in transaction: PostgresTransaction) throws -> (ScheduledTask, inARow: Int)? {
        if inARow >= Self.mostPriorityTurns, let scheduled = try first(of: .normal, in: transaction) {
            return (scheduled, 0)
        }
        if let scheduled = try first(of: .priority, in: transaction) {
            return (scheduled, min(inARow + 1, Self.mostPriorityTurns))
        }
        return try first(of: .normal, in: transaction).map { ($0, 0) }
    }

    /// Returns the next task of a class: of the tenant whose last turn was longest ago. Of tenants that never had a turn, the oldest job comes
    /// first.
    private func first(of queuePriority: QueuePriority, in transaction: PostgresTransaction) throws -> ScheduledTask? {
        try transaction.first(
            """
            WITH open AS (
                SELECT l.tenant_id, l.\(slotKind.lastTurn) AS last_claim,
                    n.status = 'active' AND l.running_jobs < coalesce(q.concurrency, p.concurrency) AS may_start
                FROM tenant_load l
                JOIN tenants n ON n.id = l.tenant_id
                JOIN plans p ON p.name = n.plan
                LEFT JOIN quota_overrides q ON q.tenant_id = l.tenant_id
                WHERE l.queued_jobs + l.running_jobs > 0 AND l.tenant_id <> ALL(\(passedOver.map(\.rawValue))::text[])
            )
            SELECT o.tenant_id, t.id, t.job_id, t.starts_job
            FROM open o CROSS JOIN LATERAL (
                (SELECT id, job_id, starts_job FROM tasks
                WHERE tenant_id = o.tenant_id AND status = 'ready' AND \(slotKind.kinds) AND NOT starts_job
                    AND priority = \(queuePriority) AND run_after <= now()
                ORDER BY job_id, id LIMIT 1)
                UNION ALL
                (SELECT id, job_id, starts_job FROM tasks
                WHERE o.may_start AND tenant_id = o.tenant_id AND status = 'ready' AND \(slotKind.kinds) AND starts_job
                    AND priority = \(queuePriority) AND run_after <= now()
                ORDER BY job_id, id LIMIT 1)
                ORDER BY starts_job LIMIT 1
            ) t
            ORDER BY o.last_claim, t.job_id, t.id LIMIT 1
            """, as: TenantID.self, Int64.self, JobID.self, Bool.self
        ).map { ScheduledTask(tenant: $0.0, task: $0.1, job: $0.2, starts: $0.3) }
    }
}

/// The only row of the table `scheduler`, which a migration has inserted, is missing.
struct SchedulerRowMissing: Error {}

/// A task that the scheduler has chosen.
struct ScheduledTask {
    let tenant: TenantID
    let task: Int64
    let job: JobID
    /// Whether its job starts with this task.
    let starts: Bool

    /// Locks the task. Returns false if somebody else has locked the task, the job that it would start, or the tenant's load.
    fileprivate func lock(in transaction: PostgresTransaction) throws -> Bool {
        let load = try transaction.query(
            "SELECT FROM tenant_load WHERE tenant_id = \(tenant) FOR NO KEY UPDATE SKIP LOCKED")
        if load.isEmpty { return false }
        if starts, try !JobLifecycle.lockQueued(job, of: tenant, in: transaction) { return false }
        return try !transaction.query(
            """
            SELECT FROM tasks WHERE tenant_id = \(tenant) AND id = \(task) AND status = 'ready' FOR UPDATE SKIP LOCKED
            """
        ).isEmpty
    }

    /// Records the turn, and the start of the job: `queued → processing`.
    fileprivate func note(_ number: Int64, of slotKind: FairScheduler.SlotKind, in transaction: PostgresTransaction)
        throws
    {
        let started = starts ? 1 : 0
        try transaction.execute(
            """
            UPDATE tenant_load SET \(slotKind.lastTurn) = \(number), queued_jobs = queued_jobs - \(started),
                running_jobs = running_jobs + \(started)
            WHERE tenant_id = \(tenant)
            """)
        if starts { try JobLifecycle.start(job, of: tenant, in: transaction) }
    }
}
