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

    private struct Known {
        let holder: MemberSession.Holder
        let at: ContinuousClock.Instant
    }

    private let databases: Databases
    private let argon2: Argon2
    private let clock: @Sendable () -> Timestamp
    private let limits = MemberLimits()
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
        let found = try await check(password, of: email, from: network, at: now)
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

    /// Changes the password of a member who is signed in, and ends their other sessions. Wrong passwords count as those of sign-ins do. Throws
    /// ``Refusal``, ``RateLimited`` or ``Argon2Error/overloaded``.
    ///
    /// - Parameter token: of the session that stays.
    package func changePassword(
        of holder: MemberSession.Holder, from current: String, to new: String, keeping token: String,
        from network: String
    ) async throws {
        let found = try await check(current, of: holder.email, from: network, at: clock())
        guard found.holder.member == holder.member else { throw Refusal.wrong }
        let hash = try await argon2.hash(new)
        try await databases.sessions.transaction { transaction in
            let changed = try transaction.execute(
                """
                UPDATE members SET password_hash = \(hash)
                WHERE tenant_id = \(holder.tenant) AND id = \(holder.member) AND password_hash = \(found.hash)
                    AND removed_at IS NULL
                """)
            // It was changed meanwhile.
            guard changed == 1 else { throw Refusal.wrong }
            try MemberSession.endOthers(than: token, in: transaction)
            try AuditEntry(
                by: .member(holder.member), action: "member password", tenant: holder.tenant,
                target: holder.member.rawValue
            ).record(in: transaction)
        }
    }

    /// Returns the member whose address and password these are. Throws ``Refusal/wrong``, ``RateLimited`` or ``Argon2Error/overloaded``.
    private func check(
        _ password: String, of email: String, from network: String, at now: Timestamp
    ) async throws -> Found {
        let (limits, clock) = (limits, clock)
        try limits.takeCall(from: network, at: now)
        // Most addresses are counted in this form. Those that are not, cost a query.
        try limits.checkMemory(email.lowercased(), from: network, at: now)
        let (name, found) = try await databases.sessions.transaction { transaction in
            let name = try Self.counted(email, in: transaction)
            try limits.takeLookup(of: name, from: network, at: now, in: transaction)
            return (name, Member.address(email) == nil ? nil : try Self.find(email, in: transaction))
        }
        var hash = found?.hash
        if hash == nil { hash = try await hashOfNobody() }
        let isRight = try await argon2.verify(
            password, against: hash ?? "",
            admission: { try limits.checkMemory(name, from: network, at: clock()) },
            whenWrong: { limits.noteWrongPassword(for: name, from: network, at: clock()) })
        let member = isRight ? found : nil
        try await databases.sessions.transaction { transaction in
            if member != nil {
                try limits.takeSignIn(of: name, from: network, at: clock(), in: transaction)
            } else {
                try limits.takeWrongPassword(for: name, from: network, at: clock(), in: transaction)
            }
        }
        guard let member else { throw Refusal.wrong }
        return member
    }

    /// Ends the session on every node within a second.
    ///
    /// - Parameter others: also ends all other sessions of the member.
    package func signOut(_ token: String, others: Bool = false) async throws {
        guard MemberSession.isPlausible(token) else { return }
        known.withLock { $0[MemberSession.hash(token)] = nil }
        try await databases.sessions.transaction {
            if others { try MemberSession.endOthers(than: token, in: $0) }
            try MemberSession.end(token, in: $0)
        }
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

    /// Sets a password by an invitation or a reset link, and begins a session. Throws ``MemberLink/Refusal``, ``RateLimited`` or
    /// ``Argon2Error/overloaded``.
    package func setPassword(
        _ password: String, by link: String, from network: String
    ) async throws -> (token: String, holder: MemberSession.Holder) {
        let (now, limits) = (clock(), limits)
        try limits.takeCall(from: network, at: now)
        guard MemberLink.isPlausible(link) else { throw MemberLink.Refusal.unusable }
        // So that a made-up link costs no hash.
        let works = try await databases.sessions.transaction { transaction in
            try limits.takeCall(from: network, at: now, in: transaction)
            return try MemberLink.works(link, at: now, in: transaction)
        }
        guard works else { throw MemberLink.Refusal.unusable }
        let hash = try await argon2.hash(password)
        do {
            let (token, holder) = try await databases.sessions.transaction { transaction in
                let holder = try MemberLink.use(link, settingPassword: hash, at: now, in: transaction)
                let token = try MemberSession.begin(
                    of: holder.member, holder.tenant, whosePassword: hash, at: now, in: transaction)
                // It was set in this transaction.
                guard let token else { throw MemberLink.Refusal.unusable }
                return (token, holder)
            }
            unknown.remember(MemberSession.hash(token))
            return (token, holder)
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

    /// Returns under which name an address is counted: all ways of writing a member's address have the same. What is no address has one, too.
    private static func counted(_ email: String, in transaction: PostgresTransaction) throws -> String {
        guard Member.address(email) != nil else { return "" }
        return try transaction.first("SELECT lower(\(email))", as: String.self) ?? ""
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
