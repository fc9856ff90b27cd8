import Postgres
import Tenancy

/// An event that this node is sending, for as long as its lease lasts. `fence` proves it: a later claim has a higher one.
package struct ClaimedDelivery: Sendable, Hashable {
    package let tenant: TenantID
    package let event: WebhookEventID
    package let job: JobID
    package let url: String
    package let body: [UInt8]
    /// 1 at the event's first try.
    package let attempt: Int
    /// Of the schedule under way, this one included; when that began.
    let tries: Int
    let firstTry: Timestamp
    package let fence: Int64
    /// Whether all went wrong with the endpoint of late.
    let lane: DeliveryLane

    package func hash(into hasher: inout Hasher) { hasher.combine(fence) }
}

/// Endpoints whose last try failed have slots of their own, so that they take none from those that answer.
package enum DeliveryLane: Sendable, CaseIterable {
    case answering, failing
}
