import Crypto
import Postgres
import Synchronization

/// Issues and verifies access tokens: JWTs signed with ES256 by the newest key of `jwt_keys` whose time has come.
///
/// A token is verified once and then known by its hash until it expires or its key retires. One that names an unknown `kid`
/// (somebody has just made a new key) causes one look into the database, at most one a second; ``reload()`` looks regularly.
package final class AccessTokens: Sendable {
    /// How long an access token is valid, in seconds.
    package static let lifetimeSeconds: Int64 = 3600
    /// How far apart the clocks of two machines may be, in seconds.
    private static let clockDifferenceSeconds: Int64 = 60
    /// How long after its key or session has ended a token may still come, at the most, by the database's clock: a node whose clock is ahead
    /// may have issued it at the last moment, and one whose clock is behind believes it for as long again. What is remembered of
    /// revocations and of old signing keys follows from it, so that no revoked key's tokens live again.
    package static let longestUse = Duration.seconds(lifetimeSeconds + 2 * clockDifferenceSeconds)
    /// How long our key set may be cached, in seconds.
    package static let keySetCacheSeconds: Int64 = 300

    private let keys: SigningKeys
    private let clock: @Sendable () -> Timestamp
    private let known: Mutex<BoundedCache<SHA256Digest, KnownToken>>
    private let checks = Atomic<Int>(0)

    private struct KnownToken {
        let principal: Principal
        let kid: String
        let exp: Int64
    }

    /// - Parameter remembering: how many tokens are known at a time; those not used for longest are verified anew.
    package init(
        databases: Databases, masterKey: MasterKey, remembering: Int = 20_000,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        keys = SigningKeys(databases: databases, masterKey: masterKey, clock: clock)
        known = Mutex(BoundedCache(capacity: remembering))
        self.clock = clock
    }

    /// How many signatures were verified so far.
    package var signatureChecks: Int { checks.load(ordering: .relaxed) }

    /// A token for `principal`, valid for an hour.
    package func issue(for principal: Principal) async throws -> String {
        let now = clock()
        let payload = AccessTokenPayload(principal, issuedAt: now, lifetimeSeconds: Self.lifetimeSeconds)
        return try await keys.current().sign(payload, at: now)
    }

    /// Who holds `token`. Throws ``AccessTokenError``; anything else is the database's.
    package func verify(_ token: String) async throws -> Principal {
        guard token.utf8.count <= 2048 else { throw AccessTokenError.invalid }
        let digest = SHA256.hash(data: Array(token.utf8))
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

    /// The public halves, for whoever verifies our tokens: of all keys that verify, and of those that will sign soon.
    package func publicKeys() async throws -> JSONWebKeySet {
        JSONWebKeySet(keys: try await keys.current().published(at: clock()).map(JSONWebKey.init))
    }

    /// Looks which keys there are now. When that fails, those known so far stay.
    package func reload() async throws { try await keys.reload() }

    private func verifyAnew(_ token: String) async throws -> KnownToken {
        guard let kid = CompactJWT(token)?.kid else { throw AccessTokenError.invalid }
        var ring = try await keys.current()
        if !ring.accepts(kid, at: clock()) { ring = try await keys.afterAnotherLook() }
        guard ring.accepts(kid, at: clock()) else { throw AccessTokenError.invalid }
        checks.add(1, ordering: .relaxed)
        guard let payload = try await ring.payload(of: token, signedBy: kid), let principal = payload.principal,
            // A difference between two nodes' clocks is no forgery.
            payload.iat <= clock().milliseconds / 1000 + Self.clockDifferenceSeconds
        else { throw AccessTokenError.invalid }
        return KnownToken(principal: principal, kid: kid, exp: payload.exp)
    }
}

package enum AccessTokenError: Error, Equatable {
    /// A right token, past its hour.
    case expired
    /// Anything else: not a JWT, not signed by us, not for us.
    case invalid
}
