import Postgres
import Tenancy

/// The name of an event, the same at every try: receivers tell by it what they have seen already.
package struct WebhookEventID: TypedID {
    package static let prefix = "evt_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
