import Billing
import Postgres
import Tenancy

/// A task that this worker has claimed, as long as its lease lasts. A later claim of the same task has a higher `fence`.
package struct ClaimedTask: Sendable, Hashable {
    package let tenant: TenantID
    package let id: Int64
    package let job: JobID
    package let kind: TaskKind
    /// The number of the chunk of a `recognize` task, or of the section of a `diarize` task; nil for other kinds.
    package let part: Int?
    /// Whether a `prepare` task has a long recording, or one of unknown length. It then has a slot for long preparations.
    package let isLong: Bool
    /// Whether the task only asks an external engine for what it has. It then has no slot of an engine.
    package let isPoll: Bool
    /// The number of the attempt, from 1.
    package let attempt: Int
    package let fence: Int64
    /// The job's trace.
    package let trace: TraceContext?

    init(
        tenant: TenantID, id: Int64, job: JobID, kind: TaskKind, part: Int?, isLong: Bool, isPoll: Bool = false,
        attempt: Int, fence: Int64, trace: TraceContext? = nil
    ) {
        self.tenant = tenant
        self.id = id
        self.job = job
        self.kind = kind
        self.part = part
        self.isLong = isLong
        self.isPoll = isPoll
        self.attempt = attempt
        self.fence = fence
        self.trace = trace
    }

    /// The trace of the job of the task in a row `name`, for a statement that claims.
    static func trace(of name: PostgresQuery) -> PostgresQuery {
        "(SELECT traceparent FROM jobs WHERE jobs.tenant_id = \(name).tenant_id AND jobs.id = \(name).job_id) AS traceparent"
    }

    init(row: PostgresRow) throws {
        let traceparent: String?
        (tenant, id, job, kind, part, isLong, isPoll, attempt, fence, traceparent) = try row.decode(
            TenantID.self, Int64.self, JobID.self, TaskKind.self, Int?.self, Bool.self, Bool.self, Int.self, Int64.self,
            String?.self)
        trace = traceparent.flatMap(TraceContext.init(header:))
    }
}

// What a worker writes about a task that it has claimed, in transactions of the tenant. Each statement is conditional on the fence, so it does
// nothing if the worker has lost its lease.
extension ClaimedTask {
    /// Locks the job's row. This comes before the lock of any task, so that no two transactions wait for each other.
    private func lockJob(in transaction: PostgresTransaction) throws {
        try Job.lock(job, of: tenant, in: transaction)
    }

    /// Marks the task done. Must come first in its transaction, so that it throws ``LeaseLost`` before anything else is written.
    package func finish(in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'done', lease_until = NULL, last_error = NULL
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Ends the clean-up of a job, and with it all of the job's tasks: they are deleted. Must come first in its transaction, like
    /// ``finish(in:)``. Throws ``LeaseLost``.
    package func finishLast(in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            DELETE FROM tasks WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
        try transaction.execute("DELETE FROM tasks WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    /// Marks the task failed for good. Throws ``LeaseLost``.
    func fail(_ error: String, in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'failed', lease_until = NULL, last_error = \(error)
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Puts the task back, to be retried after `delay`. A *clean* task runs no later than the end of its job's retention. Throws
    /// ``LeaseLost``.
    package func retry(after delay: Duration, error: String, in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            UPDATE tasks
            SET status = 'ready', lease_until = NULL, worker = NULL, last_error = \(error),
                run_after = least(
                    now() + make_interval(secs => \(delay / .seconds(1))),
                    (SELECT source_kept_until FROM jobs
                    WHERE tenant_id = \(tenant) AND id = \(job) AND tasks.kind = 'clean' AND source_key IS NOT NULL
                        AND source_kept_until > now()))
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Puts the task back for a while without counting the attempt, because what it needs is busy or full, or still works elsewhere. Returns
    /// false, and does nothing, if the first claim was more than a day ago. The time before the first claim does not count.
    ///
    /// - Parameter asPoll: whether it then only asks an external engine, and needs no slot for that.
    package func postpone(
        by delay: Duration, error: String?, asPoll: Bool = false, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE tasks
            SET status = 'ready', lease_until = NULL, worker = NULL, last_error = \(error), attempt = attempt - 1,
                is_poll = \(asPoll), run_after = now() + make_interval(secs => \(delay / .seconds(1)))
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
                AND first_claimed_at > now() - interval '1 day'
            """) == 1
    }

    /// Puts the task back until the end of its job's retention. Throws ``LeaseLost``.
    package func rest(in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE tasks
            SET status = 'ready', lease_until = NULL, worker = NULL, last_error = NULL, attempt = attempt - 1,
                run_after = coalesce(
                    (SELECT source_kept_until FROM jobs WHERE tenant_id = \(tenant) AND id = \(job)), now())
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Ends a task that has nothing left to do.
    package func cancel(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE tasks SET status = 'cancelled', lease_until = NULL
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
    }

    /// Puts the task back as if this worker had never claimed it, because the worker is shutting down.
    package func handBack(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, attempt = attempt - 1
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
    }

    /// Puts a poll back as a task that needs a slot, without counting the attempt. Throws ``LeaseLost``.
    package func needSlot(in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            UPDATE tasks
            SET status = 'ready', lease_until = NULL, worker = NULL, attempt = attempt - 1, is_poll = false, run_after = now()
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Puts a preparation back as a long one, without counting the attempt. Throws ``LeaseLost``.
    package func handOver(in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, attempt = attempt - 1, is_long = true
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Queues a further task of the same job, with the same priority.
    package func follow(
        with kind: TaskKind, part: Int? = nil, isLong: Bool = false, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, part, priority, is_long)
            SELECT tenant_id, job_id, \(kind), \(part), priority, \(isLong) FROM tasks WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    /// Counts this task's part of the job as done. The last part queues the *assemble* task. Throws ``LeaseLost`` if the job has ended.
    func endPart(samples: Int64, in transaction: PostgresTransaction) throws {
        let left = try JobLifecycle.endPart(of: job, of: tenant, samples: samples, in: transaction)
        guard let left else { throw LeaseLost() }
        if left == 0 { try follow(with: .assemble, in: transaction) }
    }

    /// Stores that the recording is longer than `samples`, whatever its file says, for later attempts and for a retry of the job.
    func noteLength(beyond samples: Int64, in transaction: PostgresTransaction) throws {
        try JobLifecycle.noteLength(
            of: job, of: tenant, beyond: Samples.milliseconds(samples), task: id, fence: fence, in: transaction)
    }
}

/// This worker has lost the task: its lease expired and another worker took over, or the job has ended. The worker must write nothing more
/// about the task.
package struct LeaseLost: Error {
    package init() {}
}

/// The job has ended or does not exist, so its task has nothing to do.
struct JobEnded: Error {}

/// A task to be queued.
struct NewTask: Sendable {
    let kind: TaskKind
    let job: JobID
    let tenant: TenantID
    let part: Int?
    /// Whether this is a long preparation, see ``Preparations``.
    let isLong: Bool

    init(kind: TaskKind, job: JobID, of tenant: TenantID, part: Int? = nil, isLong: Bool = false) {
        self.isLong = isLong
        self.kind = kind
        self.job = job
        self.tenant = tenant
        self.part = part
    }

    /// Queues the task as the first one of its job.
    func insert(priority: QueuePriority, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, part, priority, starts_job, is_long)
            VALUES (\(tenant), \(job), \(kind), \(part), \(priority), true, \(isLong))
            """)
    }
}
