import Cryptography
import Postgres
import Synchronization

/// Signs members in and out, and knows whose session a cookie is.
///
/// Unknown e-mail addresses cost what known ones cost: the same answer after the same work.
package final class MemberSignIn: Sendable {
    package static let passwordLengths = 10...200
    /// How long a session's state may be old: sign-out, role, removal and suspension hold everywhere within this time.
    private static let freshness = Duration.milliseconds(900)

    private struct Attempt: Hashable {
        let email: String
        let network: String
    }

    private struct Known {
        let holder: MemberSession.Holder
        let at: ContinuousClock.Instant
    }

    private let databases: Databases
    private let argon2: Argon2
    private let clock: @Sendable () -> Timestamp
    private let calls = RateLimit<String>(perMinute: 600, capacity: 20_000)
    private let signIns = RateLimit<String>(perMinute: 60, capacity: 20_000)
    private let wrongPasswords = RateLimit<Attempt>(perMinute: 10, capacity: 20_000)
    /// Guesses of any network at one e-mail address. Each network's own limit comes first.
    private let wrongGuesses = RateLimit<String>(perMinute: 100, capacity: 20_000)
    private let unknown = UnknownTokenLimit()
    private let known = Mutex(BoundedCache<[UInt8], Known>(capacity: 20_000))
    /// The hash of a password that nobody knows.
    private let nobody = Mutex<String?>(nil)

    package init(
        databases: Databases, argon2: Argon2, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.argon2 = argon2
        self.clock = clock
    }

    package enum Refusal: Error {
        /// The address or the password is wrong.
        case wrong
        case accountSuspended
    }

    /// Begins a session. Throws ``Refusal``, ``RateLimited`` or ``Argon2Error/overloaded``.
    package func signIn(
        email: String, password: String, from network: String
    ) async throws -> (token: String, holder: MemberSession.Holder) {
        let now = clock()
        // No member has a longer one.
        let name = email.utf8.count <= Member.longestAddress ? email.lowercased() : ""
        let attempt = Attempt(email: name, network: network)
        try calls.take(network, at: now)
        try wrongPasswords.check(attempt, at: now)
        try wrongGuesses.check(name, at: now)
        try signIns.check(name, at: now)
        var found: Found?
        if Member.address(email) != nil {
            found = try await databases.sessions.transaction { try Self.find(email, in: $0) }
        }
        var hash = found?.hash
        if hash == nil { hash = try await hashOfNobody() }
        let isRight = try await argon2.verify(password, against: hash ?? "") { [wrongPasswords, clock] in
            try wrongPasswords.check(attempt, at: clock())
        }
        guard isRight, let found else {
            try wrongPasswords.take(attempt, at: clock())
            try wrongGuesses.take(name, at: clock())
            throw Refusal.wrong
        }
        try signIns.take(name, at: clock())
        guard found.status == .active else { throw Refusal.accountSuspended }
        let holder = found.holder
        let token = try await databases.sessions.transaction {
            try MemberSession.begin(of: holder.member, holder.tenant, whosePassword: found.hash, at: now, in: $0)
        }
        // The password was changed meanwhile.
        guard let token else { throw Refusal.wrong }
        unknown.remember(MemberSession.hash(token))
        return (token, holder)
    }

    /// Ends the session everywhere within a second.
    package func signOut(_ token: String) async throws {
        guard MemberSession.isPlausible(token) else { return }
        known.withLock { $0[MemberSession.hash(token)] = nil }
        try await databases.sessions.transaction { try MemberSession.end(token, in: $0) }
    }

    /// Returns whose session it is; nil if it has ended. Throws ``AccessRefusal/tenantIsSuspended``, or ``RateLimited`` if `network` has sent
    /// too many unknown tokens.
    package func holder(of token: String, from network: String) async throws -> MemberSession.Holder? {
        guard MemberSession.isPlausible(token) else { return nil }
        let hash = MemberSession.hash(token)
        if let seen = known.withLock({ $0[hash] }), ContinuousClock.now - seen.at < Self.freshness {
            return seen.holder
        }
        let asked = ContinuousClock.now
        let now = clock()
        let holder = try await unknown.lookUp(hash, from: network, at: now) {
            try await databases.sessions.transaction { try MemberSession.find(token, at: now, in: $0) }
        }
        known.withLock { $0[hash] = holder.map { Known(holder: $0, at: asked) } }
        return holder
    }

    /// Sets a password by an invitation or a reset link. Throws ``MemberLink/Refusal``, ``RateLimited`` or ``Argon2Error/overloaded``.
    package func setPassword(
        _ password: String, by link: String, from network: String
    ) async throws -> (TenantID, MemberID) {
        let now = clock()
        try calls.take(network, at: now)
        // So that a made-up link costs no hash.
        guard MemberLink.isPlausible(link),
            try await databases.sessions.transaction({ try MemberLink.works(link, at: now, in: $0) })
        else { throw MemberLink.Refusal.unusable }
        let hash = try await argon2.hash(password)
        do {
            return try await databases.sessions.transaction {
                try MemberLink.use(link, settingPassword: hash, at: now, in: $0)
            }
        } catch let error as PostgresError where error.sqlState == "23505" {
            // Somebody else has just accepted with the same address.
            throw MemberLink.Refusal.emailInUse
        }
    }

    private struct Found: Sendable {
        let holder: MemberSession.Holder
        let hash: String
        let status: TenantStatus
    }

    private static func find(_ email: String, in transaction: PostgresTransaction) throws -> Found? {
        try transaction.first(
            """
            SELECT m.tenant_id, m.id, m.email, m.role, m.password_hash, t.status
            FROM members m JOIN tenants t ON t.id = m.tenant_id
            WHERE lower(m.email) = lower(\(email)) AND m.removed_at IS NULL AND m.password_hash IS NOT NULL
            """, as: TenantID.self, MemberID.self, String.self, MemberRole.self, String.self, TenantStatus.self
        ).map {
            Found(
                holder: MemberSession.Holder(tenant: $0.0, member: $0.1, email: $0.2, role: $0.3), hash: $0.4,
                status: $0.5)
        }
    }

    private func hashOfNobody() async throws -> String {
        if let hash = nobody.withLock({ $0 }) { return hash }
        let hash = try await argon2.hash(Base62.random(32))
        nobody.withLock { $0 = hash }
        return hash
    }
}
