import Addresses
import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A database with jobs that have ended, a clock to move, and a sender.
struct DeliveryScene: Sendable {
    let tenants: Tenants
    let clock: TestClock
    let queue: DeliveryQueue
    let deliveryClient: DeliveryClient
    let sender: WebhookSender

    /// - Parameters:
    ///   - allowing: private addresses that may be reached.
    ///   - resolver: the sender's resolver; nil: the system's.
    ///   - timeout: the time-out of one attempt.
    static func run<Result: Sendable>(
        allowing: String = "127.0.0.0/8", resolver: NameResolver? = nil, timeout: Duration = .seconds(15),
        slots: Int = 64, at start: Timestamp = .now(), logger: Logger = Logger(label: "test"),
        _ body: (DeliveryScene) async throws -> Result
    ) async throws -> Result {
        let policy = try AddressPolicy(allowing: allowing)
        return try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            let clock = TestClock(at: start)
            let deliveryClient = DeliveryClient(
                policy: policy, resolver: resolver, concurrency: slots, timeout: timeout, logger: logger,
                clock: clock.now)
            let scene = DeliveryScene(
                tenants: tenants, clock: clock,
                queue: DeliveryQueue(databases: tenants.databases, clock: clock.now), deliveryClient: deliveryClient,
                sender: WebhookSender(
                    databases: tenants.databases, deliveryClient: deliveryClient, masterKey: tenants.masterKey,
                    poller: WorkPoller(databases: tenants.databases, logger: logger), slots: slots,
                    clock: clock.now, logger: logger))
            do {
                let result = try await body(scene)
                await deliveryClient.close()
                return result
            } catch {
                await deliveryClient.close()
                throw error
            }
        }
    }

    /// Adds a job that has ended, with its event if it has an endpoint.
    @discardableResult
    func end(
        _ tenant: TenantID? = nil, telling url: String? = nil, status: JobStatus = .completed,
        metadata: String = #"{"order": "A-17"}"#, publicURL: String? = nil
    ) async throws -> JobID {
        let (tenant, now) = (tenant ?? tenants.example, clock.now())
        let id = try await endSilently(tenant, telling: url, status: status, metadata: metadata)
        try await tenants.databases.app.transaction(of: tenant) {
            try WebhookEvent.record(for: id, of: tenant, publicURL: publicURL, at: now, in: $0)
        }
        return id
    }

    /// Adds a job that has ended, without an event.
    func endSilently(
        _ tenant: TenantID? = nil, telling url: String? = nil, status: JobStatus = .completed,
        metadata: String = "{}"
    ) async throws -> JobID {
        let (tenant, id, now) = (tenant ?? tenants.example, JobID(), clock.now())
        try await tenants.owner.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata, max_duration_ms,
                source_type, source_name, webhook_url, samples_total, language, engine, error_code, error_message)
            VALUES (
                \(tenant), \(id), \(status), \(now), \(status.isFinished ? now : nil), true, 'auto', \(metadata), 1000,
                'upload', 'secret-name.wav', \(url), 41600, 'en', 'whisper_base',
                \(status == .failed ? "internal_error" : nil), \(status == .failed ? "Something went wrong." : nil))
            """)
        return id
    }

    /// Sends all events that are due. Returns how many there were.
    ///
    /// - Parameter delay: the time between claim and attempt.
    @discardableResult
    func deliver(after delay: Duration = .zero, by sender: WebhookSender? = nil) async throws -> Int {
        let (claims, sender) = (try await queue.claim(DeliveryCapacity(64)), sender ?? self.sender)
        clock.advance(by: delay)
        await withTaskGroup { group in
            for claim in claims { group.addTask { await sender.deliver(claim) } }
        }
        return claims.count
    }

    /// Claims the next event that is due.
    func claim() async throws -> ClaimedDelivery? { try await queue.claim(DeliveryCapacity(1)).first }

    /// Another sender.
    func anotherSender(
        masterKey: MasterKey? = nil, lease: Duration = DeliveryQueue.lease, logger: Logger = Logger(label: "test")
    ) -> WebhookSender {
        WebhookSender(
            databases: tenants.databases, deliveryClient: deliveryClient, masterKey: masterKey ?? tenants.masterKey,
            poller: WorkPoller(databases: tenants.databases, logger: logger), lease: lease,
            clock: clock.now, logger: logger)
    }

    /// Runs `first` in a transaction of the first tenant, then `body` while it stays open.
    func whileOpen<Result: Sendable>(
        _ first: @escaping @Sendable (PostgresTransaction) throws -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        try await tenants.databases.app.whileOpen(of: tenants.example, first, body)
    }

    /// How many statements wait for a lock.
    func waitingStatements() async throws -> Int {
        try await tenants.owner.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )[0].decode(Int.self)
    }

    func urls() async throws -> [String] {
        try await tenants.owner.query("SELECT url FROM webhook_endpoints ORDER BY url").map {
            try $0.decode(String.self)
        }
    }

    func state(_ job: JobID, of tenant: TenantID? = nil) async throws -> DeliveryState? {
        let tenant = tenant ?? tenants.example
        return try await tenants.databases.app.transaction(of: tenant) {
            try DeliveryLog.state(of: job, tenant: tenant, in: $0)
        }
    }

    func attempts(_ job: JobID, of tenant: TenantID? = nil) async throws -> [DeliveryAttempt] {
        let tenant = tenant ?? tenants.example
        return try await tenants.databases.app.transaction(of: tenant) {
            try DeliveryLog.attempts(of: job, tenant: tenant, in: $0)
        }
    }

    func endpoint() async throws -> WebhookEndpoint? {
        let tenant = tenants.example
        return try await tenants.databases.app.transaction(of: tenant) {
            try WebhookEndpoint.findDefault(of: tenant, in: $0)
        }
    }

    func setDefault(_ url: String?) async throws {
        let tenant = tenants.example
        _ = try await tenants.databases.app.transaction(of: tenant) {
            try WebhookEndpoint.setDefault(url, of: tenant, in: $0)
        }
    }

    func replay(_ id: JobID) async throws -> Bool {
        let (tenant, now) = (tenants.example, clock.now())
        return try await tenants.databases.app.transaction(of: tenant) { transaction in
            guard let job = try Job.find(id, of: tenant, in: transaction) else { return false }
            return try WebhookEvent.replay(job, at: now, in: transaction)
        }
    }

    /// Moves the clock to the job's next attempt and makes it. Returns false if there is none.
    func tryAgain(_ job: JobID, after delay: Duration = .zero) async throws -> Bool {
        guard let next = try await state(job)?.nextTry else { return false }
        clock.advance(by: max(.zero, next - clock.now()))
        return try await deliver(after: delay) == 1
    }
}
