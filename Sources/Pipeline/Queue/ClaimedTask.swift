import Billing
import Postgres
import Tenancy

/// A task that this worker holds, for as long as its lease lasts. `fence` proves it: a later claim has a higher one.
package struct ClaimedTask: Sendable, Hashable {
    package let tenant: TenantID
    package let id: Int64
    package let job: JobID
    package let kind: TaskKind
    /// Which chunk of a `recognize` task, which section of a `diarize` task; nil of the others.
    package let part: Int?
    /// Of a `prepare` task: its recording is long, or nobody knows. It has a place beside the slots.
    package let isLong: Bool
    /// 1 at the first try.
    package let attempt: Int
    package let fence: Int64

    init(row: PostgresRow) throws {
        (tenant, id, job, kind, part, isLong, attempt, fence) = try row.decode(
            TenantID.self, Int64.self, JobID.self, TaskKind.self, Int?.self, Bool.self, Int.self, Int64.self)
    }
}

// What a worker writes about a task that it holds, under the tenant's eyes alone. Each statement is conditional on the fencing
// token, so it does nothing for a worker that lost its lease.
extension ClaimedTask {
    /// Locks the job's row. Whoever ends a task takes this lock before any task's, so that no two wait for each other.
    private func lockJob(in transaction: PostgresTransaction) throws {
        try Job.lock(job, of: tenant, in: transaction)
    }

    /// Marks the task done. First in its transaction: throws ``LeaseLost`` before anything else is written.
    package func finish(in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'done', lease_until = NULL, last_error = NULL
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Marks the task failed for good.
    func fail(_ error: String, in transaction: PostgresTransaction) throws {
        try lockJob(in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'failed', lease_until = NULL, last_error = \(error)
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Puts the task back, to be tried again after `delay`; a clean-up no later than its job's source may stay.
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

    /// Puts the task back for a while without counting the attempt: what it needs is busy or full, or works elsewhere. Answers
    /// false for a task that has been tried for a day, which is long enough. How long it waited for its turn does not count.
    package func postpone(by delay: Duration, error: String?, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            UPDATE tasks
            SET status = 'ready', lease_until = NULL, worker = NULL, last_error = \(error), attempt = attempt - 1,
                run_after = now() + make_interval(secs => \(delay / .seconds(1)))
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
                AND first_claimed_at > now() - interval '1 day'
            """) == 1
    }

    /// Puts the task back until its job's source is not to be kept any longer.
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

    /// Ends a task that there is nothing left to do for.
    package func cancel(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE tasks SET status = 'cancelled', lease_until = NULL
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
    }

    /// Puts the task back untouched, as if this worker had never claimed it: it is shutting down.
    package func handBack(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, attempt = attempt - 1
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
    }

    /// Puts a preparation back untouched, for a place among the long ones.
    package func handOver(in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            UPDATE tasks SET status = 'ready', lease_until = NULL, worker = NULL, attempt = attempt - 1, is_long = true
            WHERE tenant_id = \(tenant) AND id = \(id) AND fence = \(fence) AND status = 'running'
            """)
        guard rows == 1 else { throw LeaseLost() }
    }

    /// Queues a following task of the same job, in the same class.
    package func follow(
        with kind: TaskKind, part: Int? = nil, isLong: Bool = false, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, part, priority, is_long)
            SELECT tenant_id, job_id, \(kind), \(part), priority, \(isLong) FROM tasks WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    /// Counts this task's part of the job as done, of so many samples. The last one queues the assembly.
    func endPart(samples: Int64, in transaction: PostgresTransaction) throws {
        let left = try JobLifecycle.endPart(of: job, of: tenant, samples: samples, in: transaction)
        guard let left else { throw LeaseLost() }
        if left == 0 { try follow(with: .assemble, in: transaction) }
    }

    /// Notes that the recording is longer than that, whatever its file claimed, for who goes on with it or submits it again.
    func noteLength(beyond samples: Int64, in transaction: PostgresTransaction) throws {
        try JobLifecycle.noteLength(
            of: job, of: tenant, beyond: Samples.milliseconds(samples), task: id, fence: fence, in: transaction)
    }
}

/// This worker no longer holds the task: its lease ran out and another took over, or the job has ended. Whatever it was about
/// to write must not be written.
package struct LeaseLost: Error {
    package init() {}
}

/// The job has ended, or was never such: the task that this worker still holds has nothing to do.
struct JobEnded: Error {}

/// A task to be queued.
struct NewTask: Sendable {
    let kind: TaskKind
    let job: JobID
    let tenant: TenantID
    let part: Int?
    /// Of a preparation: see ``Preparations``.
    let isLong: Bool

    init(kind: TaskKind, job: JobID, of tenant: TenantID, part: Int? = nil, isLong: Bool = false) {
        self.isLong = isLong
        self.kind = kind
        self.job = job
        self.tenant = tenant
        self.part = part
    }

    /// Queues the task with which its job begins.
    func insert(priority: QueuePriority, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, part, priority, starts_job, is_long)
            VALUES (\(tenant), \(job), \(kind), \(part), \(priority), true, \(isLong))
            """)
    }
}
