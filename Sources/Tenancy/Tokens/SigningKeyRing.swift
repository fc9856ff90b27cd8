import JWTKit
import Postgres

/// The signing keys that were loaded at one moment, ready to sign and to verify.
struct SigningKeyRing: Sendable {
    /// The latest key first.
    private let keys: [SigningKey]
    private let collection = JWTKeyCollection()

    init(_ keys: [SigningKey]) async throws {
        self.keys = keys
        for key in keys {
            try await collection.add(ecdsa: ES256PrivateKey(backing: key.pair), kid: JWKIdentifier(string: key.kid))
        }
    }

    /// The keys that verify at `now`, and those that will sign soon.
    func published(at now: Timestamp) -> [SigningKey] { keys.filter { $0.verifies(at: now) } }

    /// Returns whether there is a key `kid` whose signatures are valid at `now`.
    func accepts(_ kid: String, at now: Timestamp) -> Bool {
        keys.contains { $0.kid == kid && $0.verifies(at: now) }
    }

    /// Signs `payload` with the latest key that may sign at `now`.
    func sign(_ payload: AccessTokenPayload, at now: Timestamp) async throws -> String {
        let valid = published(at: now)
        // If another node created the first key and our clock is behind that node's, the key signs before its time.
        guard let key = valid.first(where: { $0.signsFrom <= now }) ?? valid.last else {
            throw AccessTokenError.invalid
        }
        let token = try await collection.sign(
            payload, kid: JWKIdentifier(string: key.kid), header: ["typ": .string(CompactJWT.type)])
        guard let lowered = CompactJWT.lowered(token) else { throw AccessTokenError.invalid }
        return lowered
    }

    /// Returns the claims of `token` if the key `kid` signed it, else nil.
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
