import Pipeline
import Postgres
import Tenancy
import TestSupport

/// Writes webhook rows into the database.
enum WebhookScene {
    /// Adds `count` jobs that ended an hour ago, each with an event delivered to that URL.
    static func fill(_ count: Int, of tenant: TenantID, telling url: String, in tenants: Tenants) async throws {
        try await tenants.owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO webhook_endpoints (tenant_id, url, id, events, is_default)
                VALUES (\(tenant), \(url), \(WebhookEndpointID()), '{*}', true)
                """)
            try transaction.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
                    max_duration_ms, source_type, source_name, source_deleted_at)
                SELECT \(tenant), 'job_' || lpad(n::text, 26, '0'), 'completed', now(), now(), true, 'auto', '{}', 1000,
                    'upload', 'a.wav', now()
                FROM generate_series(1, \(count)) n
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, status, attempt, schedule_attempts, created_at)
                SELECT \(tenant), 'evt_' || lpad(n::text, 26, '0'), 'job_' || lpad(n::text, 26, '0'), 'job.completed',
                    \(url), '{}', 'delivered', 1, 1, now() - interval '1 hour'
                FROM generate_series(1, \(count)) n
                """)
        }
    }

    /// Adds an endpoint with a secret, and an event of that job that was sent once.
    static func insert(
        of job: String, tenant: TenantID, into tenants: Tenants, url: String, secret: String
    ) async throws {
        let event = "evt_" + job.dropFirst(4)
        let body = Array(#"{"job_id":"\#(job)","metadata":{"told":"\#(url)"}}"#.utf8)
        try await tenants.owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO webhook_secrets (tenant_id, current_sealed) VALUES (\(tenant), \(Array(secret.utf8)))
                ON CONFLICT (tenant_id) DO UPDATE SET current_sealed = excluded.current_sealed
                """)
            try transaction.execute(
                "INSERT INTO webhook_endpoints (tenant_id, url) VALUES (\(tenant), \(url)) ON CONFLICT DO NOTHING")
            try transaction.execute("DELETE FROM webhook_events WHERE tenant_id = \(tenant) AND job_id = \(job)")
            try transaction.execute(
                """
                INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, status, attempt)
                VALUES (\(tenant), \(event), \(job), 'job.completed', \(url), \(body), 'delivered', 1)
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, latency_ms)
                VALUES (\(tenant), \(event), 1, now(), 204, 12)
                """)
            try transaction.execute("UPDATE jobs SET webhook_url = \(url) WHERE tenant_id = \(tenant) AND id = \(job)")
        }
    }
}
