import Postgres

extension SigningKey {
    /// Returns all keys that verify at `now`, the latest first. Creates the first key of a database, once, even if several nodes start at the
    /// same time.
    static func loadOrCreate(
        masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> [SigningKey] {
        let found = try load(masterKey: masterKey, at: now, in: transaction)
        if !found.isEmpty { return found }
        try lock(in: transaction)
        let afterLock = try load(masterKey: masterKey, at: now, in: transaction)
        if !afterLock.isEmpty { return afterLock }
        let key = try SigningKey(signingFrom: now)
        try key.store(sealedUnder: masterKey, in: transaction)
        return [key]
    }

    static func load(
        masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> [SigningKey] {
        try transaction.all(
            """
            SELECT kid, private_sealed, signs_from, retired_at FROM jwt_keys
            WHERE retired_at IS NULL OR retired_at > \(now)
            ORDER BY signs_from DESC, created_at DESC, kid
            """, as: String.self, [UInt8].self, Timestamp.self, Timestamp?.self
        ).map {
            try SigningKey(kid: $0.0, sealed: $0.1, signsFrom: $0.2, retiredAt: $0.3, masterKey: masterKey)
        }
    }

    func store(sealedUnder masterKey: MasterKey, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO jwt_keys (kid, algorithm, private_sealed, signs_from)
            VALUES (\(kid), 'ES256', \(try sealed(under: masterKey)), \(signsFrom))
            """)
    }

    /// Locks the set of keys, so that only one transaction at a time adds or retires keys.
    static func lock(in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.jwt_keys'))")
    }
}
