import Postgres

/// The signing keys that were loaded at one moment, ready to sign and to verify.
package struct SigningKeyRing: Sendable {
    /// The latest key first.
    private let keys: [SigningKey]

    package init(_ keys: [SigningKey]) { self.keys = keys }

    /// The keys that verify at `now`, and those that will sign soon.
    func published(at now: Timestamp) -> [SigningKey] { keys.filter { $0.verifies(at: now) } }

    /// Returns whether there is a key `kid` whose signatures are valid at `now`.
    package func accepts(_ kid: String, at now: Timestamp) -> Bool {
        keys.contains { $0.kid == kid && $0.verifies(at: now) }
    }

    /// Signs `payload` with the latest key that may sign at `now`.
    func sign(_ payload: AccessTokenPayload, at now: Timestamp) throws -> String {
        let valid = published(at: now)
        // If another node created the first key and our clock is behind that node's, the key signs before its time.
        guard let key = valid.first(where: { $0.signsFrom <= now }) ?? valid.last else {
            throw AccessTokenError.invalid
        }
        return try CompactJWT.issue(payload.json, by: key)
    }

    /// Returns the claims of `token` if the key that it names has signed it, else nil.
    package func payload(of token: CompactJWT) -> AccessTokenPayload? {
        guard let key = keys.first(where: { $0.kid == token.kid }), token.isSigned(by: key) else {
            return nil
        }
        return AccessTokenPayload(json: token.payload)
    }
}
