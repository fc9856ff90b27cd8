import Billing
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A queue with two workers' eyes on it, and jobs to put into it.
struct QueueScene: Sendable {
    let tenants: Tenants
    let first: TaskQueue
    let second: TaskQueue

    static func run(_ body: (QueueScene) async throws -> Void) async throws {
        try await Tenants.with { tenants in
            try await body(
                QueueScene(
                    tenants: tenants, first: TaskQueue(databases: tenants.databases, worker: "first"),
                    second: TaskQueue(databases: tenants.databases, worker: "second")))
        }
    }

    /// Queues a job of that tenant's.
    @discardableResult
    func submit(_ tenant: TenantID? = nil, queueClass: QueueClass = .normal, options: JobOptions = JobOptions())
        async throws -> Job
    {
        let tenant = tenant ?? tenants.example
        let id = JobID()
        let hint = QueueHint(databases: tenants.databases, logger: Logger(label: "test"))
        return try await Admission(databases: tenants.databases, hint: hint).admit(
            Submission(
                id: id, tenant: tenant, options: options,
                allowance: Allowance(
                    plan: .pro, maxFileBytes: 1000, maxDurationSeconds: 3600, queueClass: queueClass),
                fileName: "a.wav", bytes: 10, estimatedMilliseconds: 3000, channels: 1,
                sourceKey: .source(of: id, tenant: tenant)))
    }

    func job(_ id: JobID) async throws -> Job? {
        let tenant = tenants.example
        return try await tenants.databases.app.transaction(of: tenant) { try Job.find(id, of: tenant, in: $0) }
    }

    /// As if the workers had been silent for that long.
    func letTimePass(_ duration: Duration) async throws {
        try await tenants.owner.execute(
            """
            UPDATE tasks SET lease_until = lease_until - make_interval(secs => \(duration / .seconds(1))),
                run_after = run_after - make_interval(secs => \(duration / .seconds(1)))
            """)
    }

    /// Runs `body` as the holder of that task, in a transaction of its tenant's.
    func write(_ claim: ClaimedTask, _ body: @Sendable (ClaimedTask, PostgresTransaction) throws -> Void) async throws {
        try await tenants.databases.app.transaction(of: claim.tenant) { try body(claim, $0) }
    }
}
