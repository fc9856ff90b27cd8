import Postgres

extension RefreshToken {
    /// Stores the token, and forgets those of the same key whose time is over.
    func store(for principal: Principal, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM refresh_tokens
            WHERE tenant_id = \(principal.tenant) AND key_id = \(principal.key) AND expires_at <= \(now)
            """)
        try transaction.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, created_at, expires_at)
            VALUES (\(principal.tenant), \(principal.key), \(hash), \(now), \(now + .seconds(Self.lifetimeSeconds)))
            """)
    }

    /// Whose token this is and until when it counts: nil when it is unknown, expired or revoked, or its key is.
    func find(at now: Timestamp, in transaction: PostgresTransaction) throws -> RefreshTokenHolder? {
        try transaction.first(
            """
            SELECT r.tenant_id, r.key_id, r.expires_at, t.status
            FROM refresh_tokens r
            JOIN api_keys k ON k.tenant_id = r.tenant_id AND k.id = r.key_id
            JOIN tenants t ON t.id = r.tenant_id
            WHERE r.token_hash = \(hash) AND r.revoked_at IS NULL AND r.expires_at > \(now)
                AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > \(now))
            """, as: TenantID.self, APIKeyID.self, Timestamp.self, TenantStatus.self
        ).map { RefreshTokenHolder(principal: .init(tenant: $0.0, key: $0.1), expiresAt: $0.2, tenantStatus: $0.3) }
    }

    func revoke(at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "UPDATE refresh_tokens SET revoked_at = \(now) WHERE token_hash = \(hash) AND revoked_at IS NULL")
    }
}

struct RefreshTokenHolder: Sendable {
    let principal: Principal
    let expiresAt: Timestamp
    let tenantStatus: TenantStatus
}
