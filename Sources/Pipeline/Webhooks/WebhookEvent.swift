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
