import Postgres
import Tenancy

/// An event that this node has claimed and is sending, as long as its lease lasts. A later claim of the event has a higher `fence`.
package struct ClaimedDelivery: Sendable, Hashable {
    package let tenant: TenantID
    /// Names the event for one endpoint.
    package let id: WebhookEventID
    /// The event's id as receivers see it.
    package let event: WebhookEventID
    /// Nil if the event is not about a job.
    package let job: JobID?
    package let url: String
    /// Scheme, host and port of the URL.
    let origin: String
    package let body: [UInt8]
    /// The number of the event's attempt, from 1.
    package let attempt: Int
    /// The number of attempts on the current schedule, including this one. `firstTry` is when the schedule began.
    let tries: Int
    let firstTry: Timestamp
    package let fence: Int64
    /// Whether the last attempt at this host failed.
    package let slotKind: DeliverySlotKind
    /// The job's trace.
    package let trace: TraceContext?
    /// Nobody else takes the event before this time.
    let leaseEnd: ContinuousClock.Instant

    init(row: PostgresRow, leaseEnd: ContinuousClock.Instant) throws {
        let (isFailing, traceparent): (Bool, String?)
        (tenant, id, event, job, url, origin, body, attempt, tries, firstTry, fence, isFailing, traceparent) =
            try row.decode(
                TenantID.self, WebhookEventID.self, WebhookEventID.self, JobID?.self, String.self, String.self,
                [UInt8].self,
                Int.self, Int.self, Timestamp.self, Int64.self, Bool.self, String?.self)
        trace = traceparent.flatMap(TraceContext.init(header:))
        slotKind = isFailing ? .failing : .answering
        self.leaseEnd = leaseEnd
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(fence) }
}

/// Hosts whose last attempt failed have slots of their own, so that they don't delay hosts that answer, but are still tried.
package enum DeliverySlotKind: Sendable, CaseIterable {
    case answering, failing
}
