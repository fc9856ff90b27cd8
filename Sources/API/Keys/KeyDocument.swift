import Addresses
import JSON
import Postgres
import Tenancy

/// An API key as customers read it.
struct KeyDocument {
    let key: APIKeyRecord
    /// The whole key, only when it is created.
    var text: String?

    func write(to json: inout JSONWriter, at now: Timestamp = .now()) {
        json.object { json in
            json.key("key_id")
            json.string(key.id.rawValue)
            if let text {
                json.key("api_key")
                json.string(text)
            }
            json.key("name")
            json.string(key.name)
            json.key("mode")
            json.string(key.mode.rawValue)
            json.key("scopes")
            json.array(key.rules.scopes.names) { $0.string($1) }
            json.key("created_at")
            json.string(key.createdAt.rfc3339)
            json.key("last_used_at")
            json.string(key.lastUsedAt?.rfc3339)
            json.key("expires_at")
            json.string(key.expiresAt?.rfc3339)
            json.key("monthly_minutes")
            json.integer(key.rules.monthlyMinutes)
            json.key("allowed_addresses")
            json.array(key.rules.allowedAddresses ?? []) { $0.string($1.description) }
            json.key("status")
            json.string(status(at: now))
        }
    }

    private func status(at now: Timestamp) -> String {
        switch key.state(at: now) {
        case .active: key.expiresAt == nil ? "active" : "expiring"
        case .revoked, .expired: "revoked"
        }
    }
}
