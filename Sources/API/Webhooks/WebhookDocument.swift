import Hummingbird
import JSON
import Pipeline
import Postgres

/// The default endpoint as customers read it, without its secret.
struct WebhookDocument {
    let endpoint: WebhookEndpoint?

    var response: Response {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("url")
            json.string(endpoint?.url)
            json.key("failing")
            json.flag(endpoint?.failingSince != nil)
            json.key("failing_since")
            json.string(endpoint?.failingSince?.rfc3339)
            json.key("last_success_at")
            json.string(endpoint?.lastSuccess?.rfc3339)
            json.key("created_at")
            json.string(endpoint?.createdAt.rfc3339)
        }
        return JSONResponse.make(json.bytes)
    }
}
