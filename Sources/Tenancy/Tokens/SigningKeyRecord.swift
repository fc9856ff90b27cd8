import Postgres

/// A signing key as operators see it, without the key itself.
package struct SigningKeyRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Published, but not used yet.
        case waiting
        /// Signs the tokens that are issued now.
        case signing
        /// Signs no more tokens, but its signatures are still valid.
        case verifying
        case retired
    }

    package let kid: String
    package let createdAt: Timestamp
    package let signsFrom: Timestamp
    package let retiredAt: Timestamp?
    package let state: State
}

extension SigningKeyRecord {
    /// How long a new key is published before it signs: longer than clients may cache our public keys, and longer than a node needs to load it.
    package static let noticePeriod = Duration.seconds(AccessTokens.keySetCacheSeconds + 60)
    /// How long an old key still verifies: as long as its tokens are valid, and three minutes for a node that has not loaded the new key.
    package static let tail = AccessTokens.longestUse + .seconds(3 * 60)

    /// Creates a new signing key, and retires all older ones when the tokens that they signed have expired. Operators only.
    ///
    /// - Parameter immediately: retires the older keys now, for example because one was stolen. This ends all access tokens.
    /// - Throws: ``SealedSecretError`` if `masterKey` is not the nodes' key, because they could not read the new key and would not start.
    @discardableResult
    package static func rotate(
        immediately: Bool, masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> SigningKeyRecord {
        try SigningKey.lock(in: transaction)
        _ = try SigningKey.load(masterKey: masterKey, at: now, in: transaction)
        let key = try SigningKey(signingFrom: immediately ? now : now + noticePeriod)
        let end = immediately ? now : key.signsFrom + tail
        try transaction.execute(
            "UPDATE jwt_keys SET retired_at = \(end) WHERE retired_at IS NULL OR retired_at > \(end)")
        try key.store(sealedUnder: masterKey, in: transaction)
        return SigningKeyRecord(
            kid: key.kid, createdAt: now, signsFrom: key.signsFrom, retiredAt: nil,
            state: immediately ? .signing : .waiting)
    }

    /// Returns all keys that ever existed, the latest first. Operators only.
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
                // The latest key that may sign is the one that does.
                state = signs ? .signing : .verifying
                signs = false
            }
            return SigningKeyRecord(
                kid: kid, createdAt: createdAt, signsFrom: signsFrom, retiredAt: retiredAt, state: state)
        }
    }
}
