import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres

/// A webhook endpoint as customers read it.
struct EndpointDocument {
    let endpoint: WebhookEndpoint

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("id")
            json.string(endpoint.id.rawValue)
            json.key("url")
            json.string(endpoint.url)
            json.key("events")
            json.array(endpoint.events) { $0.string($1.text) }
            json.key("enabled")
            json.flag(endpoint.isEnabled)
            json.key("default")
            json.flag(endpoint.isDefault)
            json.key("failing")
            json.flag(endpoint.failingSince != nil)
            json.key("failing_since")
            json.string(endpoint.failingSince?.rfc3339)
            json.key("last_success_at")
            json.string(endpoint.lastSuccess?.rfc3339)
            json.key("created_at")
            json.string(endpoint.createdAt.rfc3339)
        }
    }

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 512)
        write(to: &json)
        return JSONResponse.make(json.bytes, status: status)
    }
}

/// A page of an endpoint's deliveries as customers read them. Of the receiver's answers, they see the status codes alone.
struct EndpointDeliveriesDocument {
    let deliveries: [EndpointDelivery]
    let isLastPage: Bool

    var response: Response {
        var json = JSONWriter(capacity: 256 * (deliveries.count + 1))
        json.object { json in
            json.key("deliveries")
            json.array(deliveries) { Self.write($1, to: &$0) }
            json.key("next_cursor")
            json.string(isLastPage ? nil : deliveries.last?.id.rawValue)
        }
        return JSONResponse.make(json.bytes)
    }

    private static func write(_ delivery: EndpointDelivery, to json: inout JSONWriter) {
        json.object { json in
            json.key("event_id")
            json.string(delivery.event.rawValue)
            json.key("event")
            json.string(delivery.name)
            json.key("job_id")
            json.string(delivery.job?.rawValue)
            json.key("created_at")
            json.string(delivery.createdAt.rfc3339)
            json.key("status")
            json.string(delivery.state.status.rawValue)
            json.key("attempts")
            json.integer(delivery.attempts)
            json.key("last_attempt_at")
            json.string(delivery.last?.at.rfc3339)
            json.key("status_code")
            json.integer(delivery.last?.statusCode)
            json.key("error")
            json.string(delivery.last?.error?.rawValue)
            json.key("next_attempt_at")
            json.string(delivery.state.nextTry?.rfc3339)
        }
    }
}
