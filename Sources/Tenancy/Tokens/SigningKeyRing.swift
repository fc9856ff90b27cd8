import JWTKit
import Postgres

/// The signing keys of one moment, ready to sign and to verify.
struct SigningKeyRing: Sendable {
    /// The last to sign first.
    private let keys: [SigningKey]
    private let collection = JWTKeyCollection()

    init(_ keys: [SigningKey]) async throws {
        self.keys = keys
        for key in keys {
            try await collection.add(ecdsa: ES256PrivateKey(backing: key.pair), kid: JWKIdentifier(string: key.kid))
        }
    }

    /// What verifies at `now`, and what will sign soon.
    func published(at now: Timestamp) -> [SigningKey] { keys.filter { $0.verifies(at: now) } }

    /// Whether there is such a key, and what it signed counts at `now`.
    func accepts(_ kid: String, at now: Timestamp) -> Bool {
        keys.contains { $0.kid == kid && $0.verifies(at: now) }
    }

    /// `payload`, signed by the newest key whose time has come.
    func sign(_ payload: AccessTokenPayload, at now: Timestamp) async throws -> String {
        let valid = published(at: now)
        // Where our clock is behind the one of whoever made the very first key, that one signs early.
        guard let key = valid.first(where: { $0.signsFrom <= now }) ?? valid.last else {
            throw AccessTokenError.invalid
        }
        let token = try await collection.sign(
            payload, kid: JWKIdentifier(string: key.kid), header: ["typ": .string(CompactJWT.type)])
        guard let lowered = CompactJWT.lowered(token) else { throw AccessTokenError.invalid }
        return lowered
    }

    /// The claims of `token` when `kid`'s signature is under it, else nil.
    func payload(of token: String, signedBy kid: String) async throws -> AccessTokenPayload? {
        guard keys.contains(where: { $0.kid == kid }) else { return nil }
        do {
            return try await collection.verify(token, as: AccessTokenPayload.self)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return nil
        }
    }
}
