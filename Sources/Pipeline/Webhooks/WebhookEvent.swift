import JSON
import Postgres
import Tenancy

/// An event as it is sent. The body is written once, and every attempt sends the same bytes.
package struct WebhookEvent: Sendable, Equatable {
    package let id: WebhookEventID
    package let name: String
    /// The body as JSON.
    package let body: [UInt8]

    /// Creates the event of a job that has ended.
    ///
    /// - Parameter publicURL: the URL at which customers reach the service. Without one, `transcript_url` is relative.
    init(of job: Job, id: WebhookEventID, publicURL: String?) {
        self.id = id
        name = EventName(of: job.status).rawValue
        body = Self.document(name, id, job, publicURL ?? "")
    }

    /// Returns an event without content, with which an operator can test an endpoint.
    package static func test(id: WebhookEventID, at now: Timestamp) -> WebhookEvent {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("event")
            json.string("webhook.test")
            json.key("event_id")
            json.string(id.rawValue)
            json.key("created_at")
            json.string(now.rfc3339)
        }
        return WebhookEvent(id: id, name: "webhook.test", body: json.bytes)
    }

    init(id: WebhookEventID, name: String, body: [UInt8]) {
        self.id = id
        self.name = name
        self.body = body
    }

    private static func document(_ name: String, _ id: WebhookEventID, _ job: Job, _ publicURL: String) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + job.metadata.utf8.count)
        json.object { json in
            json.key("event")
            json.string(name)
            json.key("event_id")
            json.string(id.rawValue)
            json.key("job_id")
            json.string(job.id.rawValue)
            json.key("status")
            json.string(job.status.rawValue)
            json.key("created_at")
            json.string(job.createdAt.rfc3339)
            json.key("completed_at")
            json.string(job.completedAt?.rfc3339)
            json.key("duration_seconds")
            if let duration = job.durationMilliseconds { json.seconds(duration) } else { json.null() }
            json.key("language")
            json.string(job.language)
            json.key("engine")
            json.string(job.status == .completed ? job.engine : nil)
            json.key("metadata")
            json.raw(job.metadata)
            json.key("error")
            write(job.failure, to: &json)
            if job.isTest {
                json.key("test")
                json.flag(true)
            }
            json.key("transcript_url")
            json.string(job.status == .completed ? "\(publicURL)/jobs/\(job.id)/transcript" : nil)
        }
        return json.bytes
    }

    private static func write(_ failure: JobFailure?, to json: inout JSONWriter) {
        guard let failure else { return json.null() }
        json.object { json in
            json.key("code")
            json.string(failure.code.rawValue)
            json.key("reason")
            json.string(failure.reason)
            json.key("message")
            json.string(failure.message)
        }
    }
}

extension WebhookEvent {
    /// Writes the event of a job that has just ended, for each endpoint that is told of it. Call this in the transaction of the outcome, so that
    /// neither exists without the other.
    ///
    /// Call it last, before `TenantLoad.remove`. An endpoint is told of a job once, so a second call does nothing.
    package static func record(
        for job: JobID, of tenant: TenantID, publicURL: String? = nil, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws {
        guard let job = try Job.find(job, of: tenant, in: transaction), job.status.isFinished else { return }
        let targets = try WebhookTarget.all(for: EventName(of: job.status), of: job, in: transaction)
        try record(job, to: targets, publicURL: publicURL, at: now, in: transaction)
    }

    private static func record(
        _ job: Job, to targets: [WebhookTarget], publicURL: String?, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws {
        guard !targets.isEmpty else { return }
        // An endpoint that was added since gets the same event as the others.
        let known = try transaction.first(
            """
            SELECT coalesce(event_id, id), event, body FROM webhook_events
            WHERE tenant_id = \(job.tenant) AND job_id = \(job.id) ORDER BY id LIMIT 1
            """, as: WebhookEventID.self, String.self, [UInt8].self
        ).map { WebhookEvent(id: $0.0, name: $0.1, body: $0.2) }
        let event = known ?? WebhookEvent(of: job, id: WebhookEventID(at: now), publicURL: publicURL)
        try event.insert(
            for: job.id, to: targets, of: job.tenant, isKnown: known != nil, at: now, in: transaction)
    }

    /// Queues the event for each target, except those that have it already.
    ///
    /// - Parameter isKnown: whether a row has the event's id already. Otherwise the first one gets it.
    func insert(
        for job: JobID?, to targets: [WebhookTarget], of tenant: TenantID, isKnown: Bool = false, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws {
        for (index, target) in targets.enumerated() {
            let row = index == 0 && !isKnown ? id : WebhookEventID(at: now)
            try transaction.execute(
                """
                INSERT INTO webhook_events (
                    tenant_id, id, event_id, job_id, endpoint_id, event, url, body, created_at, next_attempt_at)
                VALUES (
                    \(tenant), \(row), \(row == id ? nil : id), \(job), \(target.endpoint), \(name), \(target.url), \(body),
                    \(now), \(now))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    /// Sends a job's event again now, on a new schedule: the same bytes, to the endpoints that are told of the job today. A job that had none when
    /// it ended gets its event now. Returns false if there is no endpoint.
    package static func replay(
        _ job: Job, publicURL: String? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        // Locks the job first, as its deletion does.
        try Job.lock(job.id, of: job.tenant, in: transaction)
        guard let job = try Job.find(job.id, of: job.tenant, in: transaction) else { return false }
        let targets = try WebhookTarget.all(for: EventName(of: job.status), of: job, in: transaction)
        guard !targets.isEmpty else { return false }
        try record(job, to: targets, publicURL: publicURL, at: now, in: transaction)
        var left: Set<String> = []
        for target in targets {
            let old = try transaction.first(
                """
                WITH held AS (
                    SELECT tenant_id, id, url FROM webhook_events
                    WHERE tenant_id = \(job.tenant) AND job_id = \(job.id)
                        AND endpoint_id IS NOT DISTINCT FROM \(target.endpoint) FOR NO KEY UPDATE
                )
                UPDATE webhook_events v SET \(replayed(at: now)), url = \(target.url)
                FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
                RETURNING held.url
                """, as: String.self)
            if let old, old != target.url { left.insert(old) }
        }
        for url in left.sorted() { try WebhookEndpoint.forget(url, of: job.tenant, in: transaction) }
        return true
    }

    /// Deletes the events of a job with their attempts, and their endpoints if no other event uses them.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let urls = try transaction.all(
            "DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING url", as: String.self)
        for url in Set(urls).sorted() { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// How long an event is kept, with its attempts, after the first attempt of its last schedule.
    package static let retention = Duration.seconds(90 * 24 * 3600)

    /// Returns events of all tenants that are no longer sent and were kept long enough, the oldest first.
    static func old(
        at now: Timestamp, limit: Int, in transaction: PostgresTransaction
    ) throws -> [(TenantID, WebhookEventID)] {
        try transaction.all(
            """
            SELECT tenant_id, id FROM webhook_events
            WHERE status IN ('delivered', 'given_up') AND coalesce(schedule_started_at, created_at) < \(now - retention)
            ORDER BY coalesce(schedule_started_at, created_at) LIMIT \(limit)
            """, as: TenantID.self, WebhookEventID.self)
    }

    /// Deletes those of a tenant's events that are no longer sent, with their attempts, and their endpoints if no other event uses them.
    static func forget(
        _ events: [WebhookEventID], of tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        // One that is sent again meanwhile stays.
        let urls = try transaction.all(
            """
            DELETE FROM webhook_events
            WHERE tenant_id = \(tenant) AND id = ANY(\(events.map(\.rawValue))) AND status IN ('delivered', 'given_up')
                AND coalesce(schedule_started_at, created_at) < \(now - retention)
            RETURNING url
            """, as: String.self)
        for url in Set(urls).sorted() { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// Deletes the events of a job that will not be sent. The endpoint stays.
    static func forgetUntold(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    /// The changes to an event that is sent again. If it is being sent now, that attempt continues, and it is sent again whatever the result.
    static func replayed(at now: Timestamp) -> PostgresQuery {
        """
        status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'pending' END, next_attempt_at = \(now), due = true,
        schedule_attempts = 0, schedule_started_at = NULL, abandoned = false
        """
    }
}

/// The id of an event, the same in every attempt. Receivers recognize by it events that they have already seen.
package struct WebhookEventID: TypedID {
    package static let prefix = "evt_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
