import Postgres
import Tenancy

extension WebhookEndpoint {
    /// The tenant's default endpoint, or nil.
    package static func findDefault(of tenant: TenantID, in transaction: PostgresTransaction) throws -> WebhookEndpoint?
    {
        try transaction.first(
            """
            SELECT url, created_at, last_success, failing_since FROM webhook_endpoints
            WHERE tenant_id = \(tenant) AND is_default
            """, as: String.self, Timestamp.self, Timestamp?.self, Timestamp?.self
        ).map { WebhookEndpoint(url: $0.0, createdAt: $0.1, lastSuccess: $0.2, failingSince: $0.3) }
    }

    /// Names the tenant's default endpoint; nil removes it. What still waits for the old one follows, or is given up.
    package static func setDefault(
        _ url: String?, of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws {
        // Two at once would both find no default.
        try transaction.query("SELECT pg_advisory_xact_lock(hashtextextended(\(tenant), 8))")
        guard let old = try findDefault(of: tenant, in: transaction) else {
            if let url { try insert(url, isDefault: true, of: tenant, at: now, in: transaction) }
            return
        }
        guard old.url != url else { return }
        try transaction.execute(
            "UPDATE webhook_endpoints SET is_default = false WHERE tenant_id = \(tenant) AND url = \(old.url)")
        if let url { try insert(url, isDefault: true, of: tenant, at: now, in: transaction) }
        let change: PostgresQuery = url.map { "url = \($0)" } ?? "status = 'given_up'"
        try transaction.execute(
            """
            UPDATE webhook_events v SET \(change) FROM jobs j
            WHERE v.tenant_id = \(tenant) AND v.url = \(old.url) AND v.status = 'pending'
                AND j.tenant_id = v.tenant_id AND j.id = v.job_id AND j.webhook_url IS NULL
            """)
    }

    /// Where a job's outcome is told: the address that it names, else the default endpoint, else nowhere.
    static func url(for job: Job, in transaction: PostgresTransaction) throws -> String? {
        guard let url = job.webhookURL else { return try findDefault(of: job.tenant, in: transaction)?.url }
        try transaction.execute(
            """
            INSERT INTO webhook_endpoints (tenant_id, url) VALUES (\(job.tenant), \(url))
            ON CONFLICT (tenant_id, url) DO UPDATE SET url = EXCLUDED.url
            """)
        return url
    }

    /// Forgets an address that only jobs named, once nothing is told there any more.
    static func forget(_ url: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // Whoever is about to tell something there holds the row until that is written.
        try transaction.query(
            "SELECT FROM webhook_endpoints WHERE tenant_id = \(tenant) AND url = \(url) FOR UPDATE")
        try transaction.execute(
            """
            DELETE FROM webhook_endpoints e WHERE tenant_id = \(tenant) AND url = \(url) AND NOT is_default
                AND NOT EXISTS (SELECT FROM webhook_events v WHERE v.tenant_id = e.tenant_id AND v.url = e.url)
            """)
    }

    private static func insert(
        _ url: String, isDefault: Bool, of tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO webhook_endpoints (tenant_id, url, is_default, created_at)
            VALUES (\(tenant), \(url), \(isDefault), \(now))
            ON CONFLICT (tenant_id, url) DO UPDATE SET is_default = \(isDefault), created_at = \(now)
            """)
    }
}
