import Postgres
import Tenancy

// Order of locks: the tenant's endpoints (an advisory lock), events, endpoints. Exception: a transaction that only uses an endpoint
// for an event locks the endpoint's row first. That is safe, because FOR KEY SHARE conflicts only with removing the endpoint.
extension WebhookEndpoint {
    /// The account has been deleted meanwhile.
    package struct AccountDeleted: Error {}
    /// The account has ``most`` endpoints already.
    package struct TooMany: Error {}
    /// Another endpoint of the account has this URL.
    package struct URLTaken: Error {}

    /// What to change of an endpoint; nil: it stays as it is.
    package struct Change: Sendable {
        package var url: String?
        package var events: [EventPattern]?
        package var isEnabled: Bool?

        package init(url: String? = nil, events: [EventPattern]? = nil, isEnabled: Bool? = nil) {
            self.url = url
            self.events = events
            self.isEnabled = isEnabled
        }
    }

    /// Adds an endpoint. Throws ``TooMany``, ``URLTaken`` or ``AccountDeleted``.
    package static func add(
        _ url: String, events: [EventPattern], isEnabled: Bool, of tenant: TenantID, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws -> WebhookEndpointID {
        try lock(tenant, in: transaction)
        let all = try all(of: tenant, in: transaction)
        guard !all.contains(where: { $0.url == url }) else { throw URLTaken() }
        guard all.count < most else { throw TooMany() }
        let id = WebhookEndpointID(at: now)
        try hold(url, of: tenant, at: now, in: transaction)
        try requireAccount(tenant, in: transaction)
        try manage(
            url, as: id, events: events, isEnabled: isEnabled, isDefault: false, of: tenant, at: now, in: transaction)
        return id
    }

    /// Changes an endpoint, and returns what it was before; nil if there is none with this id. Pending events follow it to a new URL. If it is
    /// disabled, they are given up; they can be sent again later. Throws ``URLTaken`` or ``AccountDeleted``.
    package static func change(
        _ id: WebhookEndpointID, of tenant: TenantID, _ change: Change, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws -> WebhookEndpoint? {
        try lock(tenant, in: transaction)
        guard let old = try find(id, of: tenant, in: transaction) else { return nil }
        let isEnabled = change.isEnabled ?? old.isEnabled
        if let url = change.url, url != old.url {
            guard try find(url: url, of: tenant, in: transaction) == nil else { throw URLTaken() }
            try hold(url, of: tenant, at: now, in: transaction)
            try requireAccount(tenant, in: transaction)
            try old.redirect(to: isEnabled ? url : nil, of: tenant, in: transaction)
            try old.unmanage(of: tenant, in: transaction)
            try manage(
                url, as: id, events: change.events ?? old.events, isEnabled: isEnabled, isDefault: old.isDefault,
                of: tenant, at: now, in: transaction)
            try forget(old.url, of: tenant, in: transaction)
        } else {
            if !isEnabled { try old.redirect(to: nil, of: tenant, in: transaction) }
            try transaction.execute(
                """
                UPDATE webhook_endpoints
                SET events = \((change.events ?? old.events).map(\.text)), is_enabled = \(isEnabled)
                WHERE tenant_id = \(tenant) AND id = \(id)
                """)
        }
        return old
    }

    /// Removes an endpoint. Pending events are given up. Returns false if there is none with this id.
    package static func remove(
        _ id: WebhookEndpointID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool {
        try lock(tenant, in: transaction)
        guard let old = try find(id, of: tenant, in: transaction) else { return false }
        try old.redirect(to: nil, of: tenant, in: transaction)
        try old.unmanage(of: tenant, in: transaction)
        try forget(old.url, of: tenant, in: transaction)
        return true
    }

    /// Sets the tenant's default endpoint; nil removes it. Pending events of the old one are sent to the new one, or given up if there is none. The
    /// same applies to events that are being sent there now, unless they are acknowledged. The first default endpoint gets all events; a later
    /// one gets those of the one before.
    ///
    /// - Returns: whether that changed anything.
    /// - Throws: ``TooMany`` or ``AccountDeleted``.
    package static func setDefault(
        _ url: String?, of tenant: TenantID, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> Bool {
        try lock(tenant, in: transaction)
        let old = try findDefault(of: tenant, in: transaction)
        guard old?.url != url else { return false }
        var existing: WebhookEndpoint?
        if let url {
            existing = try find(url: url, of: tenant, in: transaction)
            if old == nil, existing == nil, try all(of: tenant, in: transaction).count >= most { throw TooMany() }
            try hold(url, of: tenant, at: now, in: transaction)
            try requireAccount(tenant, in: transaction)
        }
        if let old {
            try old.redirect(to: url, of: tenant, in: transaction)
            try old.unmanage(of: tenant, in: transaction)
        }
        if let url {
            // An endpoint that is there already becomes the default one, and keeps its id and its events.
            try manage(
                url, as: existing?.id ?? old?.id ?? WebhookEndpointID(at: now),
                events: existing?.events ?? old?.events ?? [.all], isEnabled: true, isDefault: true, of: tenant,
                at: existing?.createdAt ?? now, in: transaction)
        }
        if let old { try forget(old.url, of: tenant, in: transaction) }
        return true
    }

    /// Returns the tenant's endpoints, which stay as they are until the transaction ends.
    static func holdAll(of tenant: TenantID, in transaction: PostgresTransaction) throws -> [WebhookEndpoint] {
        try transaction.query("SELECT pg_advisory_xact_lock_shared(\(lockKey(tenant)))")
        return try all(of: tenant, in: transaction)
    }

    /// Deletes a URL if no event uses it any more and it is not a managed endpoint. If the tenant has no other endpoint on the same host, also
    /// deletes the record that the host is failing.
    static func forget(_ url: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // Waits for transactions that are about to write an event for it, which lock this row.
        try transaction.query(
            "SELECT FROM webhook_endpoints WHERE tenant_id = \(tenant) AND url = \(url) FOR UPDATE")
        let origin = try transaction.first(
            """
            DELETE FROM webhook_endpoints e WHERE tenant_id = \(tenant) AND url = \(url) AND id IS NULL
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

    /// Creates a row for the URL if it is missing, and locks it, so that it is not deleted before the transaction ends.
    static func hold(
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

    /// Makes the URL, which is held, a managed endpoint.
    private static func manage(
        _ url: String, as id: WebhookEndpointID, events: [EventPattern], isEnabled: Bool, isDefault: Bool,
        of tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE webhook_endpoints
            SET id = \(id), events = \(events.map(\.text)), is_enabled = \(isEnabled), is_default = \(isDefault),
                created_at = \(now)
            WHERE tenant_id = \(tenant) AND url = \(url)
            """)
    }

    /// Makes this endpoint a URL that only events from before may still have.
    private func unmanage(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE webhook_endpoints SET id = NULL, events = NULL, is_enabled = true, is_default = false
            WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    /// Moves this endpoint's pending events to another URL, or gives them up.
    private func redirect(to url: String?, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let change: PostgresQuery =
            url.map { "url = \($0)" }
                ?? """
                status = CASE WHEN v.status = 'sending' THEN 'sending' ELSE 'given_up' END, abandoned = v.status = 'sending'
                """
        try transaction.execute(
            """
            UPDATE webhook_events v SET \(change)
            WHERE v.tenant_id = \(tenant) AND v.status IN ('pending', 'sending') AND \(isTheirs)
            """)
    }

    /// The condition for the events `v` of this endpoint, also those from before the default endpoint had this id.
    var isTheirs: PostgresQuery {
        guard isDefault else { return "v.endpoint_id = \(id)" }
        return """
            (v.endpoint_id = \(id) OR v.endpoint_id IS NULL AND EXISTS (
                SELECT FROM jobs j WHERE j.tenant_id = v.tenant_id AND j.id = v.job_id AND j.webhook_url IS NULL))
            """
    }

    /// Without this lock, two calls at the same time could both find no default. It also waits for jobs' outcomes that have read the old state.
    private static func lock(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT pg_advisory_xact_lock(\(lockKey(tenant)))")
    }

    /// Called after the endpoint is inserted, which locks the tenant's row. So a deletion of the account is either seen here, or comes later and
    /// finds the endpoint.
    private static func requireAccount(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AccountDeleted() }
    }

    private static func lockKey(_ tenant: TenantID) -> PostgresQuery { "hashtextextended(\(tenant), 8)" }
}
