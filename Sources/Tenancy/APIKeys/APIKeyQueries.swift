import Addresses
import Postgres

extension APIKeyRecord {
    private static let columns: PostgresQuery = """
        id, tenant_id, mode, name, scopes, monthly_minutes, allowed_addresses, created_at, expires_at, revoked_at, last_used_at,
        replaced_by
        """

    /// Stores a key whose secret hashes to `hash`.
    static func create(
        _ id: APIKeyID, _ mode: KeyMode, of tenant: TenantID, name: String, rules: KeyRules, hash: String,
        expiresAt: Timestamp?,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO api_keys (
                tenant_id, id, mode, name, scopes, monthly_minutes, allowed_addresses, secret_hash, expires_at, changed_at)
            VALUES (
                \(tenant), \(id), \(mode), \(name), \(rules.scopes.names), \(rules.monthlyMinutes),
                \(rules.addressTexts), \(hash), \(expiresAt),
                CASE WHEN \(rules.allowedAddresses != nil) THEN clock_timestamp() END)
            """)
    }

    /// Returns a tenant's keys, oldest first.
    package static func all(of tenant: TenantID, in transaction: PostgresTransaction) throws -> [APIKeyRecord] {
        try transaction.query(
            "SELECT \(columns) FROM api_keys WHERE tenant_id = \(tenant) ORDER BY created_at, id"
        ).map(APIKeyRecord.init(row:))
    }

    /// How many working keys an account can create for itself.
    package static let mostActive = 100

    /// Returns a tenant's keys, newest first.
    ///
    /// - Parameters:
    ///   - mode: only such keys; nil: all.
    ///   - last: the key with which the previous page ended.
    package static func newest(
        of tenant: TenantID, mode: KeyMode? = nil, before last: APIKeyID?, limit: Int,
        in transaction: PostgresTransaction
    ) throws -> [APIKeyRecord] {
        let only: PostgresQuery = mode.map { "AND mode = \($0)" } ?? ""
        let older: PostgresQuery =
            last.map {
                "AND (created_at, id) < (SELECT created_at, id FROM api_keys WHERE tenant_id = \(tenant) AND id = \($0))"
            } ?? ""
        return try transaction.query(
            """
            SELECT \(columns) FROM api_keys WHERE tenant_id = \(tenant) \(only) \(older)
            ORDER BY created_at DESC, id DESC LIMIT \(limit)
            """
        ).map(APIKeyRecord.init(row:))
    }

    /// Waits until no other transaction is creating a key for the tenant, and makes others wait, until this transaction ends.
    package static func lockCreation(for tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.api_keys.' || \(tenant)))")
    }

    /// Returns how many of a tenant's keys work now.
    package static func countActive(of tenant: TenantID, in transaction: PostgresTransaction) throws -> Int {
        try transaction.first(
            """
            SELECT count(*) FROM api_keys
            WHERE tenant_id = \(tenant) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """, as: Int.self) ?? 0
    }

    /// Returns the key with this id, or nil: for operators of any tenant, for a customer of its own account.
    package static func find(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord? {
        try transaction.query("SELECT \(columns) FROM api_keys WHERE id = \(id)").first.map(APIKeyRecord.init(row:))
    }

    /// Locks the key with this id until the transaction ends, and returns it; nil if there is none, as in ``find(_:in:)``.
    package static func lock(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord? {
        try transaction.query("SELECT \(columns) FROM api_keys WHERE id = \(id) FOR NO KEY UPDATE")
            .first.map(APIKeyRecord.init(row:))
    }

    /// Returns keys of all tenants that expire within a period, that are not being replaced, and of which nobody was told yet.
    package static func expiring(
        from start: Timestamp, until end: Timestamp, limit: Int, in transaction: PostgresTransaction
    ) throws -> [APIKeyRecord] {
        try transaction.query(
            """
            SELECT \(columns) FROM api_keys
            WHERE expires_at > \(start) AND expires_at <= \(end) AND revoked_at IS NULL AND replaced_by IS NULL
                AND told_expires_at IS DISTINCT FROM expires_at
            ORDER BY expires_at LIMIT \(limit)
            """
        ).map(APIKeyRecord.init(row:))
    }

    /// Records that the account was told when the key expires. Returns false if it was before, or if that has changed.
    package func noteExpiryTold(in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            UPDATE api_keys SET told_expires_at = expires_at
            WHERE tenant_id = \(tenant) AND id = \(id) AND revoked_at IS NULL AND replaced_by IS NULL
                AND expires_at = \(expiresAt) AND told_expires_at IS DISTINCT FROM expires_at
            """) == 1
    }

    /// Records that `successor` replaces this key. This key expires after `grace`, or at its own time if that is sooner. Returns when it
    /// expires.
    package func yield(
        to successor: APIKeyID, after grace: Duration, in transaction: PostgresTransaction
    ) throws -> Timestamp? {
        try transaction.first(
            """
            UPDATE api_keys
            SET replaced_by = \(successor),
                expires_at = least(expires_at, now() + make_interval(secs => \(grace / .seconds(1))))
            WHERE tenant_id = \(tenant) AND id = \(id)
            RETURNING expires_at
            """, as: Timestamp.self)
    }

    /// Revokes the key. This ends all its sessions at once, because a session is valid only as long as its key. ``SessionSweep`` deletes
    /// their rows later.
    package func revoke(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE api_keys SET revoked_at = now() WHERE tenant_id = \(tenant) AND id = \(id) AND revoked_at IS NULL
            """)
    }

    /// Changes the key's name and rules. Nodes apply the rules within a second, to access tokens from before, too.
    package func change(name: String, rules: KeyRules, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE api_keys
            SET name = \(name), scopes = \(rules.scopes.names), monthly_minutes = \(rules.monthlyMinutes),
                allowed_addresses = \(rules.addressTexts),
                changed_at = CASE WHEN scopes = \(rules.scopes.names)
                    AND allowed_addresses IS NOT DISTINCT FROM \(rules.addressTexts)
                    THEN changed_at ELSE clock_timestamp() END
            WHERE tenant_id = \(tenant) AND id = \(id)
            """)
    }

    private init(row: PostgresRow) throws {
        let (scopes, minutes, addresses): ([String], Int64?, [String]?)
        (
            id, tenant, mode, name, scopes, minutes, addresses, createdAt, expiresAt, revokedAt, lastUsedAt, replacedBy
        ) = try row.decode(
            APIKeyID.self, TenantID.self, KeyMode.self, String.self, [String].self, Int64?.self, [String]?.self,
            Timestamp.self, Timestamp?.self, Timestamp?.self, Timestamp?.self, APIKeyID?.self)
        rules = KeyRules(
            scopes: Set(scopes.compactMap(Scope.init)), monthlyMinutes: minutes,
            allowedAddresses: addresses.map([CIDR].init(stored:)))
    }
}

extension KeyRules {
    fileprivate var addressTexts: [String]? { allowedAddresses?.map(\.description) }
}

extension APIKeyCredentials {
    /// Returns the key with this id, of any tenant; nil if there is none, or if it has expired or was revoked.
    static func find(_ id: APIKeyID, at now: Timestamp, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT k.tenant_id, k.secret_hash, k.scopes, k.allowed_addresses, t.status
            FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
            WHERE k.id = \(id) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > \(now))
            """, as: TenantID.self, String.self, [String].self, [String]?.self, TenantStatus.self
        ).map {
            let rules = KeyRules(
                scopes: Set($0.2.compactMap(Scope.init)), allowedAddresses: $0.3.map([CIDR].init(stored:)))
            return Self(tenant: $0.0, secretHash: $0.1, rules: rules, tenantStatus: $0.4)
        }
    }

    static func noteUse(of id: APIKeyID, by tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction)
        throws
    {
        try transaction.execute(
            "UPDATE api_keys SET last_used_at = \(now) WHERE tenant_id = \(tenant) AND id = \(id)")
    }
}
