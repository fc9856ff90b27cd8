import JWTKit
import Logging
import Postgres

/// Issues and verifies access tokens: JWTs signed with ES256 by the newest key of `jwt_keys`.
///
/// A token that names an unknown `kid` (another node has just made a new key) causes one look into the database, at most one a second.
package actor AccessTokens {
    /// How long an access token is valid, in seconds.
    package static let lifetimeSeconds: Int64 = 3600

    private let databases: Databases
    private let masterKey: MasterKey
    private let clock: @Sendable () -> Timestamp
    private var ring: Ring?
    private var loadedAt = Timestamp(milliseconds: 0)

    private struct Ring {
        let signing: SigningKey
        let all: [SigningKey]
        let keys: JWTKeyCollection
    }

    package init(databases: Databases, masterKey: MasterKey, clock: @escaping @Sendable () -> Timestamp = Timestamp.now)
    {
        self.databases = databases
        self.masterKey = masterKey
        self.clock = clock
    }

    /// A token for `principal`, valid for an hour.
    package func issue(for principal: Principal) async throws -> String {
        let ring = try await currentRing()
        let payload = AccessTokenPayload(principal, issuedAt: clock(), lifetimeSeconds: Self.lifetimeSeconds)
        return try await ring.keys.sign(payload, kid: JWKIdentifier(string: ring.signing.kid))
    }

    /// Who holds `token`. Throws ``AccessTokenError``; anything else is the database's.
    package func verify(_ token: String) async throws -> Principal {
        guard token.utf8.count <= 2048 else { throw AccessTokenError.invalid }
        var ring = try await currentRing()
        var verified = try await payload(of: token, ring)
        if verified == nil, clock() - loadedAt >= .seconds(1) {
            ring = try await load()
            verified = try await payload(of: token, ring)
        }
        guard let verified, let principal = verified.principal else { throw AccessTokenError.invalid }
        let now = clock().milliseconds / 1000
        guard verified.exp > now else { throw AccessTokenError.expired }
        // A minute of difference between two nodes' clocks is no forgery.
        guard verified.iat <= now + 60 else { throw AccessTokenError.invalid }
        return principal
    }

    /// The public halves, for whoever verifies our tokens.
    package func publicKeys() async throws -> JSONWebKeySet {
        JSONWebKeySet(keys: try await currentRing().all.map(JSONWebKey.init))
    }

    /// The payload when the signature is right, nil when it is not or when the `kid` is unknown.
    private func payload(of token: String, _ ring: Ring) async throws -> AccessTokenPayload? {
        do {
            return try await ring.keys.verify(token, as: AccessTokenPayload.self)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return nil
        }
    }

    private func currentRing() async throws -> Ring {
        if let ring { return ring }
        return try await load()
    }

    private func load() async throws -> Ring {
        loadedAt = clock()
        let masterKey = masterKey
        let all = try await databases.system.transaction { try SigningKey.loadOrCreate(masterKey: masterKey, in: $0) }
        guard let signing = all.first else { throw AccessTokenError.invalid }
        let keys = JWTKeyCollection()
        for key in all {
            try await keys.add(
                ecdsa: ES256PrivateKey(backing: key.pair), kid: JWKIdentifier(string: key.kid))
        }
        let loaded = Ring(signing: signing, all: all, keys: keys)
        ring = loaded
        return loaded
    }
}

package enum AccessTokenError: Error, Equatable {
    /// A right token, past its hour.
    case expired
    /// Anything else: not a JWT, not signed by us, not for us.
    case invalid
}
