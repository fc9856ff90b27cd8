import Postgres

extension Revocations.Snapshot {
    /// Keys that ended within the last hour and two minutes, and suspended tenants. No token of a key that ended before lives any
    /// more; two minutes are for a login under way at that moment, and for clocks that differ.
    static func take(in transaction: PostgresTransaction) throws -> Self {
        var snapshot = Self()
        let rows = try transaction.all(
            """
            SELECT true, id FROM api_keys WHERE revoked_at > now() - interval '62 minutes'
            UNION ALL
            SELECT true, id FROM api_keys WHERE expires_at > now() - interval '62 minutes' AND expires_at <= now()
            UNION ALL
            SELECT false, id FROM tenants WHERE status <> 'active'
            """, as: Bool.self, String.self)
        for (isKey, id) in rows {
            if isKey, let key = APIKeyID(rawValue: id) { snapshot.keys.insert(key) }
            if !isKey, let tenant = TenantID(rawValue: id) { snapshot.suspended.insert(tenant) }
        }
        return snapshot
    }
}
