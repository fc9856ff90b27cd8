import Postgres
import Tenancy

/// Where a tenant is told of its jobs, and how that went of late.
package struct WebhookEndpoint: Sendable, Equatable {
    package let url: String
    package let createdAt: Timestamp
    package let lastSuccess: Timestamp?
    /// Set once everything has failed for a day: since when. It is tried all the same.
    package let failingSince: Timestamp?
}

// Order of locks: the tenant's default (an advisory lock), events, endpoints. Who only tells something at an endpoint holds its row for a
// moment before the event (FOR KEY SHARE), in the way of nobody but who removes it.
extension WebhookEndpoint {
    /// The account was deleted meanwhile.
    package struct AccountDeleted: Error {}

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

    /// Names the tenant's default endpoint; nil removes it. What still waits for the old one follows, or is given up; so does what is
    /// being sent there at this moment, unless that is acknowledged.
    ///
    /// Throws ``AccountDeleted``.
    package static func setDefault(
        _ url: String?, of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws {
        // Two at once would both find no default; and an outcome that has just read the old one is waited for.
        try transaction.query("SELECT pg_advisory_xact_lock(\(Self.defaultLock(tenant)))")
        let old = try findDefault(of: tenant, in: transaction)?.url
        guard old != url else { return }
        if let url {
            try hold(url, of: tenant, at: now, in: transaction)
            try requireAccount(tenant, in: transaction)
        }
        if let old { try redirect(from: old, to: url, of: tenant, in: transaction) }
        if let url {
            try transaction.execute(
                """
                UPDATE webhook_endpoints SET is_default = true, created_at = \(now)
                WHERE tenant_id = \(tenant) AND url = \(url)
                """)
        }
        if let old { try forget(old, of: tenant, in: transaction) }
    }

    /// Where a job's outcome is told: the address that it names, else the default endpoint, else nowhere. Holds until the transaction
    /// ends.
    static func url(for job: Job, in transaction: PostgresTransaction) throws -> String? {
        guard let url = job.webhookURL else { return try holdDefault(of: job.tenant, in: transaction) }
        try hold(url, of: job.tenant, in: transaction)
        return url
    }

    /// The default endpoint's address, which stays the default until the transaction ends.
    static func holdDefault(of tenant: TenantID, in transaction: PostgresTransaction) throws -> String? {
        try transaction.query("SELECT pg_advisory_xact_lock_shared(\(defaultLock(tenant)))")
        return try findDefault(of: tenant, in: transaction)?.url
    }

    /// Forgets an address once nothing is told there any more, and what is known of its host where nothing else is told there.
    static func forget(_ url: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // Whoever is about to tell something there holds the row until that is written.
        try transaction.query(
            "SELECT FROM webhook_endpoints WHERE tenant_id = \(tenant) AND url = \(url) FOR UPDATE")
        let origin = try transaction.first(
            """
            DELETE FROM webhook_endpoints e WHERE tenant_id = \(tenant) AND url = \(url) AND NOT is_default
                AND NOT EXISTS (SELECT FROM webhook_events v WHERE v.tenant_id = e.tenant_id AND v.url = e.url)
            RETURNING origin
            """, as: String.self)
        guard let origin else { return }
        try transaction.execute(
            """
            DELETE FROM webhook_failing_origins f
            WHERE tenant_id = \(tenant) AND origin = \(origin) AND NOT EXISTS (
                SELECT FROM webhook_endpoints e WHERE e.tenant_id = f.tenant_id AND e.origin = f.origin)
            """)
    }

    /// Makes the endpoint known where it is not, and holds its row: it is not forgotten before the transaction ends.
    private static func hold(
        _ url: String, of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws {
        while true {
            try transaction.execute(
                """
                INSERT INTO webhook_endpoints (tenant_id, url, created_at) VALUES (\(tenant), \(url), \(now))
                ON CONFLICT (tenant_id, url) DO NOTHING
                """)
            let held = try transaction.query(
                "SELECT FROM webhook_endpoints WHERE tenant_id = \(tenant) AND url = \(url) FOR KEY SHARE")
            // None: it was there at first, and has just been forgotten.
            if !held.isEmpty { return }
        }
    }

    /// Moves what waits for the old default, or gives it up, and ends that.
    private static func redirect(
        from old: String, to url: String?, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws {
        let change: PostgresQuery =
            url.map { "url = \($0)" }
                ?? """
                status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'given_up' END, abandoned = v.status = 'sending'
                """
        try transaction.execute(
            """
            UPDATE webhook_events v SET \(change) FROM jobs j
            WHERE v.tenant_id = \(tenant) AND v.url = \(old) AND v.status IN ('pending', 'sending')
                AND j.tenant_id = v.tenant_id AND j.id = v.job_id AND j.webhook_url IS NULL
            """)
        try transaction.execute(
            "UPDATE webhook_endpoints SET is_default = false WHERE tenant_id = \(tenant) AND url = \(old)")
    }

    /// Asked once the endpoint is inserted, which holds the tenant's row: a deletion is either seen here, or comes later and finds it.
    private static func requireAccount(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AccountDeleted() }
    }

    private static func defaultLock(_ tenant: TenantID) -> PostgresQuery { "hashtextextended(\(tenant), 8)" }
}
