import Postgres

extension RefreshToken {
    /// Stores the token as the first of its family, and forgets those of the same key whose time is over.
    func store(for principal: Principal, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM refresh_tokens
            WHERE tenant_id = \(principal.tenant) AND key_id = \(principal.key) AND expires_at <= \(now)
            """)
        try transaction.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, created_at, expires_at)
            VALUES (\(principal.tenant), \(principal.key), \(hash), \(hash), \(now),
                \(now + .seconds(Self.lifetimeSeconds)))
            """)
    }

    /// Whose token this is and until when it counts: nil when it is unknown, expired or revoked, or its key is.
    ///
    /// A token whose place another has taken is known to two, one of whom stole it: it revokes its family and counts no more. With
    /// a `successor` that one takes this one's place; of two who ask for that at once, the second comes too late.
    func use(
        at now: Timestamp, replacingBy successor: RefreshToken?, in transaction: PostgresTransaction
    ) throws -> RefreshTokenHolder? {
        if successor != nil { try lockFamily(in: transaction) }
        guard let holder = try find(at: now, in: transaction) else { return nil }
        guard !holder.isReplaced else {
            if successor == nil { try lockFamily(in: transaction) }
            try revokeFamily(at: now, in: transaction)
            return nil
        }
        if let successor, holder.tenantStatus == .active {
            try replace(by: successor, at: now, in: transaction)
        }
        return holder
    }

    /// One at a time changes a family: locks the row of its first token, which lives as long as any.
    func lockFamily(in transaction: PostgresTransaction) throws {
        try transaction.query(
            """
            SELECT token_hash FROM refresh_tokens
            WHERE token_hash = (SELECT family FROM refresh_tokens WHERE token_hash = \(hash))
            FOR UPDATE
            """)
    }

    func revokeFamily(at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE refresh_tokens r SET revoked_at = \(now) FROM refresh_tokens used
            WHERE used.token_hash = \(hash) AND r.tenant_id = used.tenant_id AND r.family = used.family
                AND r.revoked_at IS NULL
            """)
    }

    private func find(at now: Timestamp, in transaction: PostgresTransaction) throws -> RefreshTokenHolder? {
        try transaction.first(
            """
            SELECT r.tenant_id, r.key_id, r.expires_at, r.rotated_at IS NOT NULL, t.status
            FROM refresh_tokens r
            JOIN api_keys k ON k.tenant_id = r.tenant_id AND k.id = r.key_id
            JOIN tenants t ON t.id = r.tenant_id
            WHERE r.token_hash = \(hash) AND r.revoked_at IS NULL AND r.expires_at > \(now)
                AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > \(now))
            """, as: TenantID.self, APIKeyID.self, Timestamp.self, Bool.self, TenantStatus.self
        ).map {
            RefreshTokenHolder(
                principal: .init(tenant: $0.0, key: $0.1), expiresAt: $0.2, isReplaced: $0.3, tenantStatus: $0.4)
        }
    }

    private func replace(
        by successor: RefreshToken, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            WITH old AS (
                UPDATE refresh_tokens SET rotated_at = \(now) WHERE token_hash = \(hash)
                RETURNING tenant_id, key_id, family, expires_at
            )
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, created_at, expires_at)
            SELECT tenant_id, key_id, \(successor.hash), family, \(now), expires_at FROM old
            """)
    }
}

struct RefreshTokenHolder: Sendable {
    let principal: Principal
    let expiresAt: Timestamp
    /// Another token has taken its place.
    let isReplaced: Bool
    let tenantStatus: TenantStatus
}
