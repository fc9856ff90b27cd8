import JSON
import Postgres
import Tenancy

/// The event of a job that has ended. The body is written once, and every attempt sends the same bytes.
package struct WebhookEvent: Sendable, Equatable {
    package let id: WebhookEventID
    /// `job.completed`, `job.failed`, `job.cancelled`.
    package let name: String
    /// The body as JSON.
    package let body: [UInt8]

    /// Creates the event of a job that has ended.
    ///
    /// - Parameter publicURL: the URL at which customers reach the service. Without one, `transcript_url` is relative.
    init(of job: Job, id: WebhookEventID, publicURL: String?) {
        self.id = id
        name = "job.\(job.status.rawValue)"
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
    /// Writes the event of a job that has just ended, if it has an endpoint: the job's own, else the tenant's default one. Call this in the
    /// transaction of the outcome, so that neither exists without the other.
    ///
    /// Call it last, before `TenantLoad.remove`. A job has one event, so a second call does nothing.
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

    /// Sends a job's event again now, on a new schedule: the same bytes, to the endpoint that the job has today. A job that had no endpoint when it
    /// ended gets its event now. Returns false if there is no endpoint.
    package static func replay(
        _ job: Job, publicURL: String? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        // Locks the job first, as its deletion does.
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

    /// Deletes the event of a job with its attempts, and its endpoint if no other event uses it.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let urls = try transaction.all(
            "DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING url", as: String.self)
        for url in urls { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// Deletes the event of a job that will not be sent. The endpoint stays.
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
