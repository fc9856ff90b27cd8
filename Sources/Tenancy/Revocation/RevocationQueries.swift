import Postgres

extension Revocations {
    /// What the database says at one moment.
    package struct Look: Sendable {
        package let at: Timestamp
        let snapshot: Snapshot
        /// Those that ended since the last look, and some before that.
        package let sessions: [(id: SessionID, endedAt: Timestamp)]
    }
}

extension Revocations.Look {
    /// Keys that ended within ``AccessTokens/longestUse``, and suspended tenants. No token of a key that ended before lives any
    /// more. Likewise sessions, from `since` on. A deleted
    /// tenant's keys ended with it: it is not looked for by itself, else every account that ever left would be in every look.
    package static func take(since: Timestamp?, in transaction: PostgresTransaction) throws -> Self {
        let remembered = PostgresQuery.interval(EndedSessions.memory)
        let answers = try transaction.batch([
            """
            SELECT true, id FROM api_keys WHERE revoked_at > now() - \(remembered)
            UNION ALL
            SELECT true, id FROM api_keys WHERE expires_at > now() - \(remembered) AND expires_at <= now()
            UNION ALL
            SELECT false, id FROM tenants WHERE status = 'suspended'
            """,
            """
            SELECT family, revoked_at FROM refresh_tokens
            WHERE token_hash = family AND revoked_at > coalesce(\(since), now() - \(remembered))
            ORDER BY revoked_at DESC LIMIT \(EndedSessions.capacity)
            """,
            "SELECT now()",
        ])
        var snapshot = Revocations.Snapshot()
        for row in answers[0] {
            let (isKey, id) = try row.decode(Bool.self, String.self)
            if isKey, let key = APIKeyID(rawValue: id) { snapshot.keys.insert(key) }
            if !isKey, let tenant = TenantID(rawValue: id) { snapshot.suspended.insert(tenant) }
        }
        let sessions = try answers[1].compactMap { row in
            let (family, endedAt) = try row.decode([UInt8].self, Timestamp.self)
            return SessionID(family: family).map { (id: $0, endedAt: endedAt) }
        }
        return Self(at: try answers[2].decode(Timestamp.self)[0], snapshot: snapshot, sessions: sessions)
    }
}
