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
        let event = WebhookEvent(of: job, id: WebhookEventID(at: now), publicURL: publicURL)
        try transaction.execute(
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, created_at, next_try)
            VALUES (\(tenant), \(event.id), \(job.id), \(event.name), \(url), \(event.body), \(now), \(now))
            ON CONFLICT (tenant_id, job_id) DO NOTHING
            """)
    }

    /// Has a job's event sent again now, on a new schedule: the same event, byte for byte, to where the job's webhooks go today. A
    /// job that had nobody to tell when it ended gets its event now. False when there is nobody to tell.
    package static func replay(
        _ job: Job, publicURL: String? = nil, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        try record(for: job.id, of: job.tenant, publicURL: publicURL, at: now, in: transaction)
        guard let url = try WebhookEndpoint.url(for: job, in: transaction) else { return false }
        return try transaction.execute(
            """
            UPDATE webhook_events v SET \(replayed(at: now)), url = \(url)
            WHERE tenant_id = \(job.tenant) AND job_id = \(job.id)
            """) == 1
    }

    /// Has every event of the tenant's that was made in that time sent again, where there is somebody to tell. Answers how many
    /// those are.
    package static func replay(
        of tenant: TenantID, since: Timestamp, until: Timestamp, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws -> Int {
        let endpoint = try WebhookEndpoint.findDefault(of: tenant, in: transaction)?.url
        return try transaction.execute(
            """
            UPDATE webhook_events v SET \(replayed(at: now)), url = coalesce(j.webhook_url, \(endpoint))
            FROM jobs j
            WHERE v.tenant_id = \(tenant) AND v.created_at >= \(since) AND v.created_at < \(until)
                AND j.tenant_id = v.tenant_id AND j.id = v.job_id AND coalesce(j.webhook_url, \(endpoint)) IS NOT NULL
            """)
    }

    /// Forgets what was told of a job, and how that went.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let urls = try transaction.all(
            "DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING url", as: String.self)
        for url in urls { try WebhookEndpoint.forget(url, of: tenant, in: transaction) }
    }

    /// What is being sent at this moment goes on, and is tried again on the new schedule if that fails.
    private static func replayed(at now: Timestamp) -> PostgresQuery {
        """
        status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'pending' END, next_try = \(now), tries = 0,
        first_try = CASE WHEN v.status = 'sending' THEN \(now)::timestamptz END
        """
    }
}
