import Postgres

extension SigningKey {
    /// Every key that still verifies, newest first; the first one signs. Makes the very first one, once, however many nodes start together.
    static func loadOrCreate(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> [SigningKey] {
        let found = try load(masterKey: masterKey, in: transaction)
        if !found.isEmpty { return found }
        try transaction.execute("SELECT pg_advisory_xact_lock(hashtext('verbatim.jwt_keys'))")
        let afterLock = try load(masterKey: masterKey, in: transaction)
        if !afterLock.isEmpty { return afterLock }
        let key = SigningKey()
        try transaction.execute(
            """
            INSERT INTO jwt_keys (kid, algorithm, private_sealed)
            VALUES (\(key.kid), 'ES256', \(try key.sealed(under: masterKey)))
            """)
        return [key]
    }

    private static func load(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> [SigningKey] {
        try transaction.query(
            "SELECT kid, private_sealed FROM jwt_keys WHERE retired_at IS NULL ORDER BY created_at DESC, kid"
        ).map { row in
            let (kid, sealed) = try row.decode(String.self, [UInt8].self)
            return try SigningKey(kid: kid, sealed: sealed, masterKey: masterKey)
        }
    }
}
