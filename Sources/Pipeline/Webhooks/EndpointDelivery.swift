import Postgres
import Tenancy

/// An event for one endpoint, and how its delivery stands.
package struct EndpointDelivery: Sendable, Equatable {
    /// Names the event for this endpoint.
    package let id: WebhookEventID
    /// The event's id as receivers see it.
    package let event: WebhookEventID
    package let name: String
    /// Nil if the event is not about a job.
    package let job: JobID?
    package let createdAt: Timestamp
    package let state: DeliveryState
    /// How many attempts there were.
    package let attempts: Int
    /// The last attempt; nil before the first one.
    package let last: (at: Timestamp, statusCode: Int?, error: DeliveryError?)?

    package static func == (left: Self, right: Self) -> Bool { left.id == right.id && left.attempts == right.attempts }
}

/// Which deliveries of an endpoint are meant.
package enum DeliveryFilter: String, Sendable, CaseIterable {
    case pending, sending, delivered
    case givenUp = "given_up"
    /// Those that were given up, and those whose last attempt failed and that will be tried again.
    case failed

    /// The condition for the event `v`.
    var condition: PostgresQuery {
        switch self {
        case .pending, .sending, .delivered, .givenUp: "v.status = \(rawValue)"
        // While an event is sent, its schedule already counts that attempt.
        case .failed:
            """
            (v.status = 'given_up' OR v.status = 'pending' AND v.schedule_attempts > 0
                OR v.status = 'sending' AND v.schedule_attempts > 1)
            """
        }
    }
}

extension EndpointDelivery {
    /// Returns an endpoint's deliveries, newest first.
    ///
    /// - Parameter last: the delivery with which the previous page ended.
    package static func list(
        of endpoint: WebhookEndpoint, tenant: TenantID, _ filter: DeliveryFilter?, since: Timestamp?,
        before last: WebhookEventID?, limit: Int, in transaction: PostgresTransaction
    ) throws -> [EndpointDelivery] {
        let only: PostgresQuery = filter.map { "AND \($0.condition)" } ?? ""
        let after: PostgresQuery = since.map { "AND v.created_at >= \($0)" } ?? ""
        let older: PostgresQuery =
            last.map {
                "AND (v.created_at, v.id) < (SELECT created_at, id FROM webhook_events WHERE tenant_id = \(tenant) AND id = \($0))"
            } ?? ""
        return try transaction.query(
            """
            SELECT v.id, coalesce(v.event_id, v.id), v.event, v.job_id, v.created_at, v.status,
                CASE WHEN v.status = 'pending' THEN v.next_attempt_at END, v.attempt, a.at, a.status_code, a.error
            FROM webhook_events v LEFT JOIN LATERAL (
                SELECT at, status_code, error FROM webhook_attempts
                WHERE tenant_id = v.tenant_id AND event_id = v.id ORDER BY number DESC LIMIT 1) a ON true
            WHERE v.tenant_id = \(tenant) AND \(endpoint.isTheirs) \(only) \(after) \(older)
            ORDER BY v.created_at DESC, v.id DESC LIMIT \(limit)
            """
        ).map { row in
            let (id, event, name, job, createdAt, status, next, attempts, at, code, error) = try row.decode(
                WebhookEventID.self, WebhookEventID.self, String.self, JobID?.self, Timestamp.self, DeliveryStatus.self,
                Timestamp?.self, Int.self, Timestamp?.self, Int?.self, DeliveryError?.self)
            return EndpointDelivery(
                id: id, event: event, name: name, job: job, createdAt: createdAt,
                state: DeliveryState(status: status, nextTry: next), attempts: attempts,
                last: at.map { (at: $0, statusCode: code, error: error) })
        }
    }
}
