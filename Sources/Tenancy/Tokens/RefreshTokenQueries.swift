import Addresses
import Postgres

// All tokens of a session form a family. The row of its first token represents it (`token_hash = family`): to change the family, this row is
// locked, and to end the session, only this row is revoked, however many tokens there are.
extension RefreshToken {
    /// Uses the token, and replaces it by `successor` if there is one.
    ///
    /// A replaced token that is used again within ``retryWindow`` gets the same successor, if nobody has used that yet. Any other use of a
    /// replaced token means that two parties have it, and one stole it. This revokes its family.
    ///
    /// - Returns: the holder, and the token to use from now on. Nil if this token is unknown, expired or revoked, or if its key is.
    /// - Throws: ``AuthenticationError/addressNotAllowed`` if the key may not be used from `address`.
    func use(
        at now: Timestamp, from address: IPAddress?, replacingBy successor: RefreshToken?,
        in transaction: PostgresTransaction
    ) throws -> (holder: RefreshTokenHolder, token: RefreshToken)? {
        if successor != nil { try lockFamily(in: transaction) }
        guard var holder = try find(at: now, in: transaction) else { return nil }
        guard holder.rules.allows(address) else { throw AuthenticationError.addressNotAllowed }
        if holder.replacement != nil, successor == nil {
            // Only now we know that the family may change.
            try lockFamily(in: transaction)
            guard let again = try find(at: now, in: transaction) else { return nil }
            holder = again
        }
        if let replacement = holder.replacement {
            guard let next = try open(replacement, at: now, in: transaction) else {
                try revokeFamily(in: transaction)
                return nil
            }
            return (holder, next)
        }
        guard holder.tenantStatus == .active else { return (holder, self) }
        if let successor {
            try replace(by: successor, at: now, in: transaction)
            try forgetOldest(of: holder, in: transaction)
        } else if holder.isFirstUse {
            try transaction.execute("UPDATE refresh_tokens SET used_at = \(now) WHERE token_hash = \(hash)")
        }
        return (holder, successor ?? self)
    }

    /// Locks the family, so that only one transaction at a time changes it.
    func lockFamily(in transaction: PostgresTransaction) throws {
        try transaction.query(
            """
            SELECT token_hash FROM refresh_tokens
            WHERE token_hash = (SELECT family FROM refresh_tokens WHERE token_hash = \(hash))
            FOR UPDATE
            """)
    }

    /// Ends the session. The time is the database's, because nodes ask by it which sessions have ended since their last query.
    ///
    /// - Returns: whether there was a session to end.
    @discardableResult
    func revokeFamily(in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            UPDATE refresh_tokens root SET revoked_at = clock_timestamp() FROM refresh_tokens used
            WHERE used.token_hash = \(hash) AND root.tenant_id = used.tenant_id AND root.token_hash = used.family
                AND root.revoked_at IS NULL
            """) > 0
    }

    private func find(at now: Timestamp, in transaction: PostgresTransaction) throws -> RefreshTokenHolder? {
        try transaction.first(
            """
            SELECT r.tenant_id, r.key_id, r.family, r.expires_at, t.status, r.rotated_at, r.successor,
                r.used_at IS NULL AND r.token_hash <> r.family, k.scopes, k.allowed_addresses, k.mode
            FROM refresh_tokens r
            JOIN refresh_tokens root ON root.tenant_id = r.tenant_id AND root.token_hash = r.family
            JOIN api_keys k ON k.tenant_id = r.tenant_id AND k.id = r.key_id
            JOIN tenants t ON t.id = r.tenant_id
            WHERE r.token_hash = \(hash) AND r.revoked_at IS NULL AND root.revoked_at IS NULL AND r.expires_at > \(now)
                AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > \(now))
            """, as: TenantID.self, APIKeyID.self, [UInt8].self, Timestamp.self, TenantStatus.self, Timestamp?.self,
            [UInt8]?.self, Bool.self, [String].self, [String]?.self, KeyMode.self
        ).map { tenant, key, family, expiresAt, status, rotatedAt, successor, isFirstUse, scopes, addresses, mode in
            let rules = KeyRules(
                scopes: Set(scopes.compactMap(Scope.init)), allowedAddresses: addresses.map([CIDR].init(stored:)))
            return RefreshTokenHolder(
                principal: Principal(
                    tenant: tenant, key: key, session: SessionID(family: family), scopes: rules.scopes, mode: mode),
                rules: rules, family: family,
                expiresAt: expiresAt, tenantStatus: status,
                replacement: rotatedAt.map { .init(at: $0, sealed: successor) }, isFirstUse: isFirstUse)
        }
    }

    /// Returns the token that replaced this one; nil if ``retryWindow`` is over or the new token was used.
    private func open(
        _ replacement: RefreshTokenHolder.Replacement, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> RefreshToken? {
        guard now - replacement.at < Self.retryWindow, let next = replacement.sealed.flatMap({ open($0) }) else {
            return nil
        }
        let isUnused = try transaction.first(
            "SELECT used_at IS NULL AND rotated_at IS NULL FROM refresh_tokens WHERE token_hash = \(next.hash)",
            as: Bool.self)
        return isUnused == true ? next : nil
    }

    private func replace(
        by successor: RefreshToken, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            WITH old AS (
                UPDATE refresh_tokens SET rotated_at = \(now), successor = \(try seal(successor))
                WHERE token_hash = \(hash)
                RETURNING tenant_id, key_id, family, expires_at
            )
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, created_at, expires_at)
            SELECT tenant_id, key_id, \(successor.hash), family, \(now), expires_at FROM old
            """)
    }
}

struct RefreshTokenHolder: Sendable {
    /// The token was replaced by another one.
    struct Replacement: Sendable {
        let at: Timestamp
        /// The new token, encrypted; nil if it was deleted, because it is too late to ask for it.
        let sealed: [UInt8]?
    }

    let principal: Principal
    /// Those of the key.
    let rules: KeyRules
    let family: [UInt8]
    let expiresAt: Timestamp
    let tenantStatus: TenantStatus
    let replacement: Replacement?
    /// Whether this token replaced another one and is used for the first time.
    let isFirstUse: Bool
}
