import Postgres
import Tenancy

/// An attempt to deliver an event.
package struct DeliveryAttempt: Sendable, Equatable {
    package let event: WebhookEventID
    /// Nil if the event is not about a job.
    package let job: JobID?
    /// Nil: the job's own `webhook_url`, or the default endpoint.
    package let endpoint: WebhookEndpointID?
    package let number: Int
    package let at: Timestamp
    package let statusCode: Int?
    package let latencyMilliseconds: Int64?
    package let error: DeliveryError?
}

/// The state of the delivery of an event to an endpoint.
package struct DeliveryState: Sendable, Equatable {
    package let status: DeliveryStatus
    /// When the next attempt is due, while the delivery is pending.
    package let nextTry: Timestamp?

    package init(status: DeliveryStatus, nextTry: Timestamp?) {
        self.status = status
        self.nextTry = nextTry
    }
}

package enum DeliveryStatus: String, Sendable, CaseIterable, PostgresCodable {
    case pending, sending, delivered
    /// All attempts of a day failed, or the receiver answered 410, or the endpoint was removed.
    case givenUp = "given_up"
}

/// What customers and operators see of deliveries.
package enum DeliveryLog {
    /// Returns the state of a job's delivery; nil if the job has no event. It is that of the job's own `webhook_url` or of the default endpoint. If
    /// the job was told to other endpoints alone, it is that of the first one that does not have the event yet.
    package static func state(
        of job: JobID, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> DeliveryState? {
        try transaction.first(
            """
            SELECT status, CASE WHEN status = 'pending' THEN next_attempt_at END FROM webhook_events
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            ORDER BY endpoint_id IS NOT NULL, status = 'delivered', id LIMIT 1
            """, as: DeliveryStatus.self, Timestamp?.self
        ).map { DeliveryState(status: $0.0, nextTry: $0.1) }
    }

    private static let columns: PostgresQuery = """
        coalesce(v.event_id, v.id), v.job_id, v.endpoint_id, a.number, a.at, a.status_code, a.latency_ms, a.error
        """

    /// How many attempts of an event are kept and shown: the latest ones.
    package static let shown = 1000

    /// Returns the latest attempts of a job's event, at all its endpoints, oldest first.
    package static func attempts(
        of job: JobID, tenant: TenantID, limit: Int = shown, in transaction: PostgresTransaction
    ) throws -> [DeliveryAttempt] {
        try transaction.query(
            """
            SELECT \(columns) FROM webhook_events v JOIN webhook_attempts a ON a.tenant_id = v.tenant_id AND a.event_id = v.id
            WHERE v.tenant_id = \(tenant) AND v.job_id = \(job) ORDER BY a.number DESC, a.event_id DESC LIMIT \(limit)
            """
        ).map(DeliveryAttempt.init(row:)).reversed()
    }

    /// After this many attempts for a job at one endpoint within an hour, its customer has to wait before redelivering: nobody needs more.
    package static let triesPerHour = 60

    /// Returns when the customer may redeliver a job's webhook; nil: now.
    package static func restUntil(
        of job: JobID, tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Timestamp? {
        let hour: Int64 = 3_600_000
        let oldest = try transaction.all(
            """
            SELECT a.at FROM webhook_events v CROSS JOIN LATERAL (
                SELECT at FROM webhook_attempts WHERE tenant_id = v.tenant_id AND event_id = v.id
                ORDER BY number DESC LIMIT 1 OFFSET \(triesPerHour - 1)) a
            WHERE v.tenant_id = \(tenant) AND v.job_id = \(job) ORDER BY a.at DESC LIMIT 1
            """, as: Timestamp.self
        ).first
        guard let oldest, oldest.milliseconds + hour > now.milliseconds else { return nil }
        return Timestamp(milliseconds: oldest.milliseconds + hour)
    }

    /// Returns the tenant's latest attempts, newest first.
    package static func latest(
        of tenant: TenantID, limit: Int, in transaction: PostgresTransaction
    ) throws -> [DeliveryAttempt] {
        try transaction.query(
            """
            SELECT \(columns) FROM webhook_attempts a JOIN webhook_events v ON v.tenant_id = a.tenant_id AND v.id = a.event_id
            WHERE a.tenant_id = \(tenant) ORDER BY a.at DESC, a.event_id DESC, a.number DESC LIMIT \(limit)
            """
        ).map(DeliveryAttempt.init(row:))
    }
}

extension DeliveryAttempt {
    fileprivate init(row: PostgresRow) throws {
        (event, job, endpoint, number, at, statusCode, latencyMilliseconds, error) = try row.decode(
            WebhookEventID.self, JobID?.self, WebhookEndpointID?.self, Int.self, Timestamp.self, Int?.self, Int64?.self,
            DeliveryError?.self)
    }
}
