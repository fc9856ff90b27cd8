import Postgres
import Tenancy

/// One try to deliver an event.
package struct DeliveryAttempt: Sendable, Equatable {
    package let event: WebhookEventID
    package let job: JobID
    package let number: Int
    package let at: Timestamp
    package let statusCode: Int?
    package let latencyMilliseconds: Int64?
    package let error: DeliveryError?
}

/// How far the telling of one job's outcome has come.
package struct DeliveryState: Sendable, Equatable {
    package let status: DeliveryStatus
    /// While it waits.
    package let nextTry: Timestamp?

    package init(status: DeliveryStatus, nextTry: Timestamp?) {
        self.status = status
        self.nextTry = nextTry
    }
}

package enum DeliveryStatus: String, Sendable, CaseIterable, PostgresCodable {
    case pending, sending, delivered
    /// A day of tries has failed, or the receiver said 410, or the endpoint was removed.
    case givenUp = "given_up"
}

/// What customers and operators read of deliveries.
package enum DeliveryLog {
    /// Nil while nothing is to be told of the job.
    package static func state(
        of job: JobID, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> DeliveryState? {
        try transaction.first(
            """
            SELECT status, CASE WHEN status = 'pending' THEN next_attempt_at END FROM webhook_events
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            """, as: DeliveryStatus.self, Timestamp?.self
        ).map { DeliveryState(status: $0.0, nextTry: $0.1) }
    }

    /// So many tries of an event are shown, the latest, and no more are kept.
    package static let shown = 1000

    /// The latest tries of one job's event, oldest first.
    package static func attempts(
        of job: JobID, tenant: TenantID, limit: Int = shown, in transaction: PostgresTransaction
    ) throws -> [DeliveryAttempt] {
        try transaction.query(
            """
            SELECT a.event_id, v.job_id, a.number, a.at, a.status_code, a.latency_ms, a.error
            FROM webhook_events v JOIN webhook_attempts a ON a.tenant_id = v.tenant_id AND a.event_id = v.id
            WHERE v.tenant_id = \(tenant) AND v.job_id = \(job) ORDER BY a.number DESC LIMIT \(limit)
            """
        ).map(DeliveryAttempt.init(row:)).reversed()
    }

    /// So often in an hour is a job told before its customer has to wait: nobody needs more, and every try costs.
    package static let triesPerHour = 60

    /// From when on the customer may have a job told again; nil: now.
    package static func restUntil(
        of job: JobID, tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Timestamp? {
        let hour: Int64 = 3_600_000
        let oldest = try transaction.all(
            """
            SELECT a.at FROM webhook_events v JOIN webhook_attempts a ON a.tenant_id = v.tenant_id AND a.event_id = v.id
            WHERE v.tenant_id = \(tenant) AND v.job_id = \(job)
            ORDER BY a.number DESC LIMIT 1 OFFSET \(triesPerHour - 1)
            """, as: Timestamp.self
        ).first
        guard let oldest, oldest.milliseconds + hour > now.milliseconds else { return nil }
        return Timestamp(milliseconds: oldest.milliseconds + hour)
    }

    /// The tenant's latest tries, newest first.
    package static func latest(
        of tenant: TenantID, limit: Int, in transaction: PostgresTransaction
    ) throws -> [DeliveryAttempt] {
        try transaction.query(
            """
            SELECT a.event_id, v.job_id, a.number, a.at, a.status_code, a.latency_ms, a.error
            FROM webhook_attempts a JOIN webhook_events v ON v.tenant_id = a.tenant_id AND v.id = a.event_id
            WHERE a.tenant_id = \(tenant) ORDER BY a.at DESC, a.event_id DESC, a.number DESC LIMIT \(limit)
            """
        ).map(DeliveryAttempt.init(row:))
    }
}

extension DeliveryAttempt {
    fileprivate init(row: PostgresRow) throws {
        (event, job, number, at, statusCode, latencyMilliseconds, error) = try row.decode(
            WebhookEventID.self, JobID.self, Int.self, Timestamp.self, Int?.self, Int64?.self, DeliveryError?.self)
    }
}
