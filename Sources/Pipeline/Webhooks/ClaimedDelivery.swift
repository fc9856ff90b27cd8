import Postgres
import Tenancy

/// An event that this node is sending, for as long as its lease lasts. `fence` proves it: a later claim has a higher one.
package struct ClaimedDelivery: Sendable, Hashable {
    package let tenant: TenantID
    package let event: WebhookEventID
    package let job: JobID
    package let url: String
    /// Scheme, host and port of the URL.
    let origin: String
    package let body: [UInt8]
    /// 1 at the event's first try.
    package let attempt: Int
    /// Of the schedule under way, this one included; when that began.
    let tries: Int
    let firstTry: Timestamp
    package let fence: Int64
    /// Whether the last try at that host went wrong.
    package let slotKind: DeliverySlotKind
    /// Until when nobody else takes it, at the least.
    let leaseEnd: ContinuousClock.Instant

    init(row: PostgresRow, leaseEnd: ContinuousClock.Instant) throws {
        let isFailing: Bool
        (tenant, event, job, url, origin, body, attempt, tries, firstTry, fence, isFailing) = try row.decode(
            TenantID.self, WebhookEventID.self, JobID.self, String.self, String.self, [UInt8].self, Int.self, Int.self,
            Timestamp.self, Int64.self, Bool.self)
        slotKind = isFailing ? .failing : .answering
        self.leaseEnd = leaseEnd
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(fence) }
}

/// Hosts whose last try failed have slots of their own, so that they take none from those that answer, and get their turn all the same.
package enum DeliverySlotKind: Sendable, CaseIterable {
    case answering, failing
}
