import Postgres

extension SigningKeyRecord {
    /// How long a new key is published before it signs: longer than customers may cache our key set and a node takes to hear of it.
    package static let noticePeriod = Duration.seconds(AccessTokens.keySetCacheSeconds + 60)
    /// How much longer an old key verifies: as long as its tokens come, and three minutes for a node that has not heard of the new one.
    package static let tail = AccessTokens.longestUse + .seconds(3 * 60)

    /// Makes a new signing key, and lets all older ones go: once what they signed has run out, so that nobody notices; or, for a
    /// key that was stolen, `immediately`, which ends every access token there is. Operators only.
    ///
    /// Throws ``SealedSecretError`` under another master key than the nodes': they could not read the new key, nor start.
    @discardableResult
    package static func rotate(
        immediately: Bool, masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> SigningKeyRecord {
        try SigningKey.lock(in: transaction)
        _ = try SigningKey.load(masterKey: masterKey, at: now, in: transaction)
        let key = SigningKey(signingFrom: immediately ? now : now + noticePeriod)
        let end = immediately ? now : key.signsFrom + tail
        try transaction.execute(
            "UPDATE jwt_keys SET retired_at = \(end) WHERE retired_at IS NULL OR retired_at > \(end)")
        try key.store(sealedUnder: masterKey, in: transaction)
        return SigningKeyRecord(
            kid: key.kid, createdAt: now, signsFrom: key.signsFrom, retiredAt: nil,
            state: immediately ? .signing : .waiting)
    }

    /// All that ever were, the last to sign first. Operators only.
    package static func all(at now: Timestamp, in transaction: PostgresTransaction) throws -> [SigningKeyRecord] {
        var signs = true
        return try transaction.all(
            """
            SELECT kid, created_at, signs_from, retired_at FROM jwt_keys ORDER BY signs_from DESC, created_at DESC, kid
            """, as: String.self, Timestamp.self, Timestamp.self, Timestamp?.self
        ).map { kid, createdAt, signsFrom, retiredAt in
            let state: State
            if let retiredAt, retiredAt <= now {
                state = .retired
            } else if signsFrom > now {
                state = .waiting
            } else {
                // The first that may.
                state = signs ? .signing : .verifying
                signs = false
            }
            return SigningKeyRecord(
                kid: kid, createdAt: createdAt, signsFrom: signsFrom, retiredAt: retiredAt, state: state)
        }
    }
}
