import Addresses
import Postgres

extension Revocations {
    /// The result of one query for who has lost access.
    package struct Look: Sendable {
        package let at: Timestamp
        let snapshot: Snapshot
        /// The sessions that ended since the last query, and some that ended shortly before.
        package let sessions: [(id: SessionID, endedAt: Timestamp)]
    }
}

extension Revocations.Look {
    /// Finds suspended tenants, and the keys that ended within ``AccessTokens/longestUse``: tokens of keys that ended earlier have expired.
    /// Finds the keys whose scopes or addresses changed within that period: older changes of scopes are in all tokens.
    /// Finds sessions that ended after `since`; if it is nil, within the same period.
    ///
    /// Deleted tenants are not included, because their number only grows. Their keys were revoked when they were deleted.
    package static func take(since: Timestamp?, in transaction: PostgresTransaction) throws -> Self {
        let remembered = PostgresQuery.interval(EndedSessions.memory)
        // Also after an outage that lasted longer than changes are remembered.
        let isFirst: PostgresQuery = "coalesce(\(since)::timestamptz < now() - \(remembered), true)"
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
            """
            SELECT id, scopes, allowed_addresses FROM api_keys WHERE changed_at > now() - \(remembered)
            """, "SELECT now(), \(isFirst)",
            // Later, they are among the changed ones.
            """
            SELECT id, allowed_addresses FROM api_keys
            WHERE \(isFirst) AND allowed_addresses IS NOT NULL AND revoked_at IS NULL
            """,
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
        for row in answers[4] {
            let (key, blocks) = try row.decode(APIKeyID.self, [String].self)
            snapshot.addresses[key] = [CIDR](stored: blocks)
        }
        for row in answers[2] {
            let (key, scopes, blocks) = try row.decode(APIKeyID.self, [String].self, [String]?.self)
            snapshot.scopes[key] = Set(scopes.compactMap(Scope.init))
            snapshot.addresses.updateValue(blocks.map([CIDR].init(stored:)), forKey: key)
        }
        let (now, isWhole) = try answers[3][0].decode(Timestamp.self, Bool.self)
        snapshot.areAddressesWhole = isWhole
        return Self(at: now, snapshot: snapshot, sessions: sessions)
    }
}
