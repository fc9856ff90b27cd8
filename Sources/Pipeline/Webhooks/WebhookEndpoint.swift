import Postgres
import Tenancy

/// A URL that gets a tenant's webhooks, and its recent state.
package struct WebhookEndpoint: Sendable, Equatable {
    package let url: String
    package let createdAt: Timestamp
    package let lastSuccess: Timestamp?
    /// Since when every attempt has failed. Nil until that has lasted a day. The endpoint is still tried.
    package let failingSince: Timestamp?
}

// Order of locks: the tenant's default endpoint (an advisory lock), events, endpoints. Exception: a transaction that only uses an endpoint
// for an event locks the endpoint's row first. That is safe, because FOR KEY SHARE conflicts only with removing the endpoint.
extension WebhookEndpoint {
    /// The account has been deleted meanwhile.
    package struct AccountDeleted: Error {}

    /// Returns the tenant's default endpoint, or nil.
    package static func findDefault(of tenant: TenantID, in transaction: PostgresTransaction) throws -> WebhookEndpoint?
    {
        try transaction.first(
            """
            SELECT url, created_at, last_success, failing_since FROM webhook_endpoints
            WHERE tenant_id = \(tenant) AND is_default
            """, as: String.self, Timestamp.self, Timestamp?.self, Timestamp?.self
        ).map { WebhookEndpoint(url: $0.0, createdAt: $0.1, lastSuccess: $0.2, failingSince: $0.3) }
    }

    /// Sets the tenant's default endpoint; nil removes it. Pending events of the old one are sent to the new one, or given up if there is none. The
    /// same applies to events that are being sent there now, unless they are acknowledged.
    ///
    /// - Returns: whether that changed anything.
    /// - Throws: ``AccountDeleted``.
    package static func setDefault(
        _ url: String?, of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        // Without this lock, two calls at the same time could both find no default. It also waits for jobs' outcomes that have read the old one.
        try transaction.query("SELECT pg_advisory_xact_lock(\(Self.defaultLock(tenant)))")
        let old = try findDefault(of: tenant, in: transaction)?.url
        guard old != url else { return false }
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
        return true
    }

    /// Returns the endpoint of a job: its own `webhook_url`, else the default one, else nil. It cannot be removed until the transaction ends.
    static func url(for job: Job, in transaction: PostgresTransaction) throws -> String? {
        guard let url = job.webhookURL else { return try holdDefault(of: job.tenant, in: transaction) }
        try hold(url, of: job.tenant, in: transaction)
        return url
    }

    /// Returns the URL of the default endpoint, which stays the default until the transaction ends.
    static func holdDefault(of tenant: TenantID, in transaction: PostgresTransaction) throws -> String? {
        try transaction.query("SELECT pg_advisory_xact_lock_shared(\(defaultLock(tenant)))")
        return try findDefault(of: tenant, in: transaction)?.url
    }

    /// Deletes an endpoint if no event uses it any more and it is not the default. If the tenant has no other endpoint on the same host, also
    /// deletes the record that the host is failing.
    static func forget(_ url: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // Waits for transactions that are about to write an event for it, which lock this row.
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

    /// Creates the endpoint if it is missing, and locks its row, so that it is not deleted before the transaction ends.
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
            // If there is no row, the endpoint existed before but has just been deleted.
            if !held.isEmpty { return }
        }
    }

    /// Moves pending events from the old default endpoint to the new one, or gives them up. The old one is no longer the default.
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

    /// Called after the endpoint is inserted, which locks the tenant's row. So a deletion of the account is either seen here, or comes later and
    /// finds the endpoint.
    private static func requireAccount(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AccountDeleted() }
    }

    private static func defaultLock(_ tenant: TenantID) -> PostgresQuery { "hashtextextended(\(tenant), 8)" }
}
