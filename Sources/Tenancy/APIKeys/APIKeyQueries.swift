import Postgres

extension APIKeyRecord {
    private static let columns: PostgresQuery =
        "id, tenant_id, name, created_at, expires_at, revoked_at, last_used_at, replaced_by"

    /// Stores a key whose secret hashes to `hash`. Operators only.
    static func create(
        _ id: APIKeyID, of tenant: TenantID, name: String, hash: String, expiresAt: Timestamp?,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO api_keys (tenant_id, id, name, secret_hash, expires_at)
            VALUES (\(tenant), \(id), \(name), \(hash), \(expiresAt))
            """)
    }

    /// Returns a tenant's keys, oldest first. Operators only.
    package static func all(of tenant: TenantID, in transaction: PostgresTransaction) throws -> [APIKeyRecord] {
        try transaction.query(
            "SELECT \(columns) FROM api_keys WHERE tenant_id = \(tenant) ORDER BY created_at, id"
        ).map(APIKeyRecord.init(row:))
    }

    /// Returns the key with this id, of any tenant, or nil. Operators only.
    package static func find(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord? {
        try transaction.query("SELECT \(columns) FROM api_keys WHERE id = \(id)").first.map(APIKeyRecord.init(row:))
    }

    /// Locks the key with this id until the transaction ends, and returns it; nil if there is none. Operators only.
    package static func lock(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord? {
        try transaction.query("SELECT \(columns) FROM api_keys WHERE id = \(id) FOR NO KEY UPDATE")
            .first.map(APIKeyRecord.init(row:))
    }

    /// Records that `successor` replaces this key. This key expires after `grace`, or at its own time if that is sooner. Returns when it
    /// expires. Operators only.
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
    /// their rows later. Operators only.
    package func revoke(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE api_keys SET revoked_at = now() WHERE tenant_id = \(tenant) AND id = \(id) AND revoked_at IS NULL
            """)
    }

    private init(row: PostgresRow) throws {
        (id, tenant, name, createdAt, expiresAt, revokedAt, lastUsedAt, replacedBy) = try row.decode(
            APIKeyID.self, TenantID.self, String.self, Timestamp.self, Timestamp?.self, Timestamp?.self,
            Timestamp?.self, APIKeyID?.self)
    }
}

extension APIKeyCredentials {
    /// Returns the key with this id, of any tenant; nil if there is none, or if it has expired or was revoked.
    static func find(_ id: APIKeyID, at now: Timestamp, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT k.tenant_id, k.secret_hash, t.status
            FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
            WHERE k.id = \(id) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > \(now))
            """, as: TenantID.self, String.self, TenantStatus.self
        ).map { Self(tenant: $0.0, secretHash: $0.1, tenantStatus: $0.2) }
    }

    static func noteUse(of id: APIKeyID, by tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction)
        throws
    {
        try transaction.execute(
            "UPDATE api_keys SET last_used_at = \(now) WHERE tenant_id = \(tenant) AND id = \(id)")
    }
}
