import Billing
import Egress
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A queue with two workers, and functions that submit jobs.
struct QueueScene: Sendable {
    let tenants: Tenants
    let first: TaskQueue
    let second: TaskQueue

    static func run(plan: PlanName = .pro, _ body: (QueueScene) async throws -> Void) async throws {
        try await Tenants.with(plan: plan) { tenants in
            try await body(
                QueueScene(
                    tenants: tenants,
                    first: TaskQueue(databases: tenants.databases, worker: "first", priorityTurns: 0),
                    second: TaskQueue(databases: tenants.databases, worker: "second", priorityTurns: 0)))
        }
    }

    func admission(
        through databases: Databases? = nil, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) -> Admission {
        let databases = databases ?? tenants.databases
        return Admission(
            databases: databases, hint: QueueHint(databases: databases, logger: Logger(label: "test")), clock: clock)
    }

    /// Submits a job with that many seconds of audio.
    @discardableResult
    func submit(
        _ tenant: TenantID? = nil, seconds: Int64 = 3, queuePriority: QueuePriority = .normal,
        options: JobOptions = JobOptions(),
        acceptOverage: Bool = false, under key: IdempotencyClaim? = nil, answer: [UInt8] = [],
        through databases: Databases? = nil, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) async throws -> Job {
        let tenant = tenant ?? tenants.example
        let id = JobID()
        let submission = Submission(
            id: id, tenant: tenant, submitter: nil, options: options, acceptOverage: acceptOverage, fileName: "a.wav",
            bytes: 10,
            estimatedMilliseconds: seconds * 1000, channels: 1, sourceKey: .source(of: id, tenant: tenant))
        let job = try await admission(through: databases, clock: clock).admit(submission, under: key) { _ in answer }
        if queuePriority == .priority {
            try await tenants.owner.execute("UPDATE tasks SET priority = 0 WHERE job_id = \(id)")
        }
        return job
    }

    /// Submits a job whose recording has to be fetched.
    @discardableResult
    func submitURL(
        _ tenant: TenantID? = nil, _ url: String = "https://example.org/a.mp3", through databases: Databases? = nil
    ) async throws -> Job {
        let source = try SourceURL(url, policy: AddressPolicy())
        return try await admission(through: databases).admit(
            Submission(
                id: JobID(), tenant: tenant ?? tenants.example, submitter: nil, options: JobOptions(),
                acceptOverage: false,
                source: .url(source)))
    }

    /// How many jobs of the first tenant wait and run.
    func load() async throws -> TenantLoad {
        let tenant = tenants.example
        return try await tenants.databases.app.transaction(of: tenant) { try TenantLoad.of(tenant, in: $0) }
    }

    func job(_ id: JobID) async throws -> Job? {
        let tenant = tenants.example
        return try await tenants.databases.app.transaction(of: tenant) { try Job.find(id, of: tenant, in: $0) }
    }

    /// Cancels a job as its customer does.
    func cancel(_ id: JobID, of tenant: TenantID? = nil) async throws -> Job? {
        let tenant = tenant ?? tenants.example
        return try await tenants.databases.app.transaction(of: tenant) { try Job.cancel(id, of: tenant, in: $0) }
    }

    /// Sets all leases and delays back, as if that much time had passed without a heartbeat. It skips rows that are locked at the moment:
    /// waiting for them, in no particular order, could cause a deadlock.
    func letTimePass(_ duration: Duration) async throws {
        try await tenants.owner.execute(
            """
            UPDATE tasks SET lease_until = lease_until - make_interval(secs => \(duration / .seconds(1))),
                run_after = run_after - make_interval(secs => \(duration / .seconds(1)))
            WHERE ctid IN (SELECT ctid FROM tasks FOR UPDATE SKIP LOCKED)
            """)
    }

    /// Runs `body` as the holder of that task, in a transaction of its tenant.
    func write(_ claim: ClaimedTask, _ body: @Sendable (ClaimedTask, PostgresTransaction) throws -> Void) async throws {
        try await tenants.databases.app.transaction(of: claim.tenant) { try body(claim, $0) }
    }
}
