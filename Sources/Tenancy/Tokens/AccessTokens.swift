import Cryptography
import Postgres
import Synchronization

/// Issues and verifies access tokens: JWTs, signed with ES256 by the newest key of `jwt_keys` that may sign already.
///
/// The signature of a token is verified once. Then the token is known by its hash until it expires or its key is retired. A token with an
/// unknown `kid`, for example of a new key, causes a query for keys, at most one a second. ``reload()`` does the same regularly.
package final class AccessTokens: Sendable {
    /// How long an access token is valid, in seconds.
    package static let lifetimeSeconds: Int64 = 3600
    /// How long a narrower token can be asked to be valid, in seconds.
    package static let narrowLifetimes = 60...lifetimeSeconds
    /// How far the clocks of two machines may differ, in seconds.
    private static let clockDifferenceSeconds: Int64 = 60
    /// How long after the end of its key or session a token may still seem valid, at most, by the database's clock: a node whose clock is ahead
    /// may have issued it at the last moment, and a node whose clock is behind accepts it for longer. Revocations and old signing keys are
    /// remembered for this time, so that no token of a revoked key becomes valid again.
    package static let longestUse = Duration.seconds(lifetimeSeconds + 2 * clockDifferenceSeconds)
    /// How long clients may cache our public keys, in seconds.
    package static let keySetCacheSeconds: Int64 = 300

    private let keys: SigningKeys
    private let clock: @Sendable () -> Timestamp
    private let known: Mutex<BoundedCache<[UInt8], KnownToken>>

    private struct KnownToken {
        let principal: Principal
        let kid: String
        let exp: Int64
    }

    /// - Parameter remembering: how many verified tokens are kept; the least recently used ones are dropped, and verified again.
    package init(
        databases: Databases, masterKey: MasterKey, remembering: Int = 20_000,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        keys = SigningKeys(databases: databases, masterKey: masterKey, clock: clock)
        known = Mutex(BoundedCache(capacity: remembering))
        self.clock = clock
    }

    /// Returns a new token for `principal`.
    ///
    /// - Parameter seconds: how long it is valid, at most an hour.
    package func issue(for principal: Principal, lasting seconds: Int64 = lifetimeSeconds) async throws -> String {
        let now = clock()
        let payload = AccessTokenPayload(principal, issuedAt: now, lifetimeSeconds: min(seconds, Self.lifetimeSeconds))
        return try await keys.current().sign(payload, at: now)
    }

    /// Returns whose token it is. Throws ``AccessTokenError``, or an error of the database.
    package func verify(_ token: String) async throws -> Principal {
        guard token.utf8.count <= 2048 else { throw AccessTokenError.invalid }
        let digest = SHA256.hash(Array(token.utf8))
        if let seen = known.withLock({ $0[digest] }) {
            guard try await keys.current().accepts(seen.kid, at: clock()) else { throw AccessTokenError.invalid }
            return try holder(of: seen)
        }
        let seen = try await verifyAnew(token)
        let principal = try holder(of: seen)
        known.withLock { $0[digest] = seen }
        return principal
    }

    private func holder(of token: KnownToken) throws -> Principal {
        guard token.exp > clock().milliseconds / 1000 else { throw AccessTokenError.expired }
        return token.principal
    }

    /// Returns the public keys with which others can verify our tokens: those that verify now, and those that will sign soon.
    package func publicKeys() async throws -> JSONWebKeySet {
        JSONWebKeySet(
            keys: try await keys.current().published(at: clock()).map { JSONWebKey($0.pair.publicKey, kid: $0.kid) })
    }

    /// Loads the signing keys again. If that fails, the loaded ones stay.
    package func reload() async throws { try await keys.reload() }

    private func verifyAnew(_ token: String) async throws -> KnownToken {
        guard let token = CompactJWT(token) else { throw AccessTokenError.invalid }
        let kid = token.kid
        var ring = try await keys.current()
        if !ring.accepts(kid, at: clock()) { ring = try await keys.afterAnotherLook() }
        guard ring.accepts(kid, at: clock()) else { throw AccessTokenError.invalid }
        guard let payload = ring.payload(of: token), let principal = payload.principal,
            // Issued later than now, the token may come from a node whose clock is ahead.
            payload.iat <= clock().milliseconds / 1000 + Self.clockDifferenceSeconds
        else { throw AccessTokenError.invalid }
        return KnownToken(principal: principal, kid: kid, exp: payload.exp)
    }
}

package enum AccessTokenError: Error, Equatable {
    /// The token is valid but has expired.
    case expired
    /// The token is not a JWT, not signed by us, or has other claims than ours.
    case invalid
}
