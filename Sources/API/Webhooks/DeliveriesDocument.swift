import JSON
import Pipeline
import Postgres

/// The delivery attempts of one job's webhook, as customers read them. Of the receiver's answer, they see the status code alone.
struct DeliveriesDocument {
    let attempts: [DeliveryAttempt]
    let state: DeliveryState?

    init(of job: Job, in transaction: PostgresTransaction) throws {
        attempts = try DeliveryLog.attempts(of: job.id, tenant: job.tenant, in: transaction)
        state = try DeliveryLog.state(of: job.id, tenant: job.tenant, in: transaction)
    }

    var bytes: [UInt8] {
        var json = JSONWriter(capacity: 128 + 192 * attempts.count)
        json.object { json in
            json.key("deliveries")
            json.array(attempts) { Self.write($1, to: &$0) }
            json.key("status")
            json.string(state?.status.rawValue)
            json.key("next_attempt_at")
            json.string(state?.nextTry?.rfc3339)
        }
        return json.bytes
    }

    private static func write(_ attempt: DeliveryAttempt, to json: inout JSONWriter) {
        json.object { json in
            json.key("event_id")
            json.string(attempt.event.rawValue)
            json.key("webhook_id")
            json.string(attempt.endpoint?.rawValue)
            json.key("attempt")
            json.integer(attempt.number)
            json.key("at")
            json.string(attempt.at.rfc3339)
            json.key("status_code")
            if let code = attempt.statusCode { json.integer(code) } else { json.null() }
            json.key("latency_ms")
            if let latency = attempt.latencyMilliseconds { json.integer(Int(latency)) } else { json.null() }
            json.key("error")
            json.string(attempt.error?.rawValue)
        }
    }
}
