import Postgres

extension APIKeyRecord {
    /// Stores a key whose secret hashes to `hash`. Operators only.
    package static func create(
        _ id: APIKeyID, of tenant: TenantID, name: String, hash: String, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO api_keys (tenant_id, id, name, secret_phc) VALUES (\(tenant), \(id), \(name), \(hash))
            """)
    }

    /// A tenant's keys, oldest first. Operators only.
    package static func all(of tenant: TenantID, in transaction: PostgresTransaction) throws -> [APIKeyRecord] {
        try transaction.query(
            """
            SELECT id, name, created_at, expires_at, revoked_at, last_used_at
            FROM api_keys WHERE tenant_id = \(tenant) ORDER BY created_at, id
            """
        ).map { row in
            let (id, name, createdAt, expiresAt, revokedAt, lastUsedAt) = try row.decode(
                APIKeyID.self, String.self, Timestamp.self, Timestamp?.self, Timestamp?.self, Timestamp?.self)
            return APIKeyRecord(
                id: id, tenant: tenant, name: name, createdAt: createdAt, expiresAt: expiresAt, revokedAt: revokedAt,
                lastUsedAt: lastUsedAt)
        }
    }
}

extension APIKeyCredentials {
    /// The usable key with this id, whoever's it is; nil when there is none, or it has expired or was revoked.
    static func find(_ id: APIKeyID, at now: Timestamp, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT k.tenant_id, k.secret_phc, t.status
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
