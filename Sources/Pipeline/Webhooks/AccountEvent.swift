import Billing
import JSON
import Postgres
import Tenancy

/// Something that an account is told of that is not about one job.
package enum AccountEvent: Sendable {
    case usage(UsageAlert)
    case keyExpiring(APIKeyRecord)
    case webhookFailing(WebhookEndpoint)

    package var name: EventName {
        switch self {
        case .usage(let alert):
            switch alert.kind {
            case .thresholdReached: .thresholdReached
            case .limitReached: .limitReached
            }
        case .keyExpiring: .keyExpiring
        case .webhookFailing: .webhookFailing
        }
    }

    /// Queues the event for each endpoint that wants it, in the transaction of what happened. Endpoints don't hear of their own failure.
    package func record(
        of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws {
        var targets = try WebhookTarget.all(for: name, of: tenant, in: transaction)
        if case .webhookFailing(let endpoint) = self { targets.removeAll { $0.endpoint == endpoint.id } }
        let event = WebhookEventID(at: now)
        try WebhookEvent(id: event, name: name.rawValue, body: body(event, at: now))
            .insert(for: nil, to: targets, of: tenant, at: now, in: transaction)
    }

    private func body(_ id: WebhookEventID, at now: Timestamp) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("event")
            json.string(name.rawValue)
            json.key("event_id")
            json.string(id.rawValue)
            json.key("created_at")
            json.string(now.rfc3339)
            switch self {
            case .usage(let alert): Self.write(alert, to: &json)
            case .keyExpiring(let key):
                json.key("key_id")
                json.string(key.id.rawValue)
                json.key("name")
                json.string(key.name)
                json.key("expires_at")
                json.string(key.expiresAt?.rfc3339)
            case .webhookFailing(let endpoint):
                json.key("webhook_id")
                json.string(endpoint.id.rawValue)
                json.key("url")
                json.string(endpoint.url)
                json.key("failing_since")
                json.string(endpoint.failingSince?.rfc3339)
            }
        }
        return json.bytes
    }

    private static func write(_ alert: UsageAlert, to json: inout JSONWriter) {
        json.key("period")
        json.string(alert.month.rawValue)
        switch alert.kind {
        case .thresholdReached(let percent):
            json.key("of")
            json.string(alert.limit.rawValue)
            json.key("percent")
            json.integer(percent)
        case .limitReached:
            json.key("limit")
            json.string(alert.limit.rawValue)
        }
        json.key("used_seconds")
        json.integer(alert.usedSeconds)
        json.key("overage_cents")
        json.integer(alert.overageCents)
    }
}
