import JSON
import Postgres
import Tenancy

/// What is told of a job's outcome. The body is made once; every try sends the same bytes.
package struct WebhookEvent: Sendable, Equatable {
    package let id: WebhookEventID
    /// `job.completed`, `job.failed`, `job.cancelled`.
    package let name: String
    /// JSON.
    package let body: [UInt8]

    /// The event of a job that has ended.
    ///
    /// - Parameter publicURL: where customers reach the service; without one the transcript's address is relative.
    init(of job: Job, id: WebhookEventID, publicURL: String?) {
        self.id = id
        name = "job.\(job.status.rawValue)"
        body = Self.document(name, id, job, publicURL ?? "")
    }

    /// An event that tells nothing, for an operator who tries an endpoint.
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

    private init(id: WebhookEventID, name: String, body: [UInt8]) {
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
    /// Writes the event of a job that has just ended, if somebody is to be told: the address that the job names, else the tenant's
    /// default endpoint. In the transaction of the outcome, so that neither is ever without the other.
    ///
    /// Call it last, before `TenantLoad.remove`. A job has one event: called again, it does nothing.
    package static func record(
        for job: JobID, of tenant: TenantID, publicURL: String? = nil, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws {
        guard let job = try Job.find(job, of: tenant, in: transaction), job.status.isFinished,
            let url = try WebhookEndpoint.url(for: job, in: transaction)
        else { return }
        try record(job, to: url, publicURL: publicURL, at: now, in: transaction)
    }

    private static func record(
        _ job: Job, to url: String, publicURL: String?, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let event = WebhookEvent(of: job, id: WebhookEventID(at: now), publicURL: publicURL)
        try transaction.execute(
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, created_at, next_attempt_at)
            VALUES (\(job.tenant), \(event.id), \(job.id), \(event.name), \(url), \(event.body), \(now), \(now))
            ON CONFLICT (tenant_id, job_id) DO NOTHING
            """)
    }

    /// Has a job's event sent again now, on a new schedule: the same event, byte for byte, to where the job's webhooks go today. A
    /// job that had nobody to tell when it ended gets its event now. False when there is nobody to tell.
    package static func replay(
        _ job: Job, publicURL: String? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        // First, as whoever deletes the job.
        try Job.lock(job.id, of: job.tenant, in: transaction)
        guard let job = try Job.find(job.id, of: job.tenant, in: transaction),
            let url = try WebhookEndpoint.url(for: job, in: transaction)
        else { return false }
        try record(job, to: url, publicURL: publicURL, at: now, in: transaction)
        let old = try transaction.first(
            """
            WITH held AS (
                SELECT tenant_id, id, url FROM webhook_events
                WHERE tenant_id = \(job.tenant) AND job_id = \(job.id) FOR NO KEY UPDATE
            )
            UPDATE webhook_events v SET \(replayed(at: now)), url = \(url)
            FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
            RETURNING held.url
            """, as: String.self)
        guard let old else { return false }
        if old != url { try WebhookEndpoint.forget(old, of: job.tenant, in: transaction) }
        return true
    }

    /// Forgets what was told of a job, and how that went.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let urls = try transaction.all(
            "DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING url", as: String.self)
        for url in urls { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// Forgets what was to be told of a job. What is known of where it was to be told stays.
    static func forgetUntold(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    /// What is being sent at this moment goes on, and is sent again on the new schedule however that ends.
    static func replayed(at now: Timestamp) -> PostgresQuery {
        """
        status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'pending' END, next_attempt_at = \(now), due = true,
        schedule_attempts = 0, schedule_started_at = NULL, abandoned = false
        """
    }
}

/// The name of an event, the same at every try: receivers tell by it what they have seen already.
package struct WebhookEventID: TypedID {
    package static let prefix = "evt_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
