import Postgres
import Tenancy

extension WebhookEvent {
    /// Writes the event of a job that has just ended, if somebody is to be told: the address that the job names, else the tenant's
    /// default endpoint. In the transaction of the outcome, so that neither is ever without the other.
    ///
    /// Call it last, before `TenantLoad.remove`. A job has one event: called again, it does nothing.
    package static func record(
        for job: JobID, of tenant: TenantID, publicURL: String? = nil, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws {
        guard let job = try Job.find(job, of: tenant, in: transaction), job.status.isFinished,
            let url = try WebhookEndpoint.url(for: job, in: transaction)
        else { return }
        try record(job, telling: url, publicURL: publicURL, at: now, in: transaction)
    }

    private static func record(
        _ job: Job, telling url: String, publicURL: String?, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let event = WebhookEvent(of: job, id: WebhookEventID(at: now), publicURL: publicURL)
        try transaction.execute(
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, created_at, next_try)
            VALUES (\(job.tenant), \(event.id), \(job.id), \(event.name), \(url), \(event.body), \(now), \(now))
            ON CONFLICT (tenant_id, job_id) DO NOTHING
            """)
    }

    /// Has a job's event sent again now, on a new schedule: the same event, byte for byte, to where the job's webhooks go today. A
    /// job that had nobody to tell when it ended gets its event now. False when there is nobody to tell.
    package static func replay(
        _ job: Job, publicURL: String? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        // First, as whoever deletes the job.
        try Job.lock(job.id, of: job.tenant, in: transaction)
        guard let job = try Job.find(job.id, of: job.tenant, in: transaction),
            let url = try WebhookEndpoint.url(for: job, in: transaction)
        else { return false }
        try record(job, telling: url, publicURL: publicURL, at: now, in: transaction)
        let old = try transaction.first(
            """
            WITH held AS (
                SELECT tenant_id, id, url FROM webhook_events
                WHERE tenant_id = \(job.tenant) AND job_id = \(job.id) FOR NO KEY UPDATE
            )
            UPDATE webhook_events v SET \(replayed(at: now)), url = \(url)
            FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
            RETURNING held.url
            """, as: String.self)
        guard let old else { return false }
        if old != url { try WebhookEndpoint.forget(old, of: job.tenant, in: transaction) }
        return true
    }

    /// Forgets what was told of a job, and how that went.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let urls = try transaction.all(
            "DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING url", as: String.self)
        for url in urls { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// Forgets what was to be told of a job. What is known of where it was to be told stays.
    static func forgetUntold(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    /// What is being sent at this moment goes on, and is sent again on the new schedule however that ends.
    static func replayed(at now: Timestamp) -> PostgresQuery {
        """
        status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'pending' END, next_try = \(now), due = true,
        tries = 0, first_try = NULL, abandoned = false
        """
    }
}
