import Cryptography
import Postgres
import Synchronization

/// Sessions of members. The browser has a token in a cookie; the database has its hash.
package enum MemberSession {
    /// A session ends when it was not used for so long.
    package static let idle = Duration.seconds(12 * 3600)
    /// How many sessions a member can have; the oldest one ends.
    private static let most = 20
    private static let tokenLength = 43

    /// Whose session it is, as of a moment.
    package struct Holder: Sendable, Equatable {
        package let tenant: TenantID
        package let member: MemberID
        package let email: String
        package let role: MemberRole

        package init(tenant: TenantID, member: MemberID, email: String, role: MemberRole) {
            self.tenant = tenant
            self.member = member
            self.email = email
            self.role = role
        }
    }

    /// Begins a session, and returns its token; nil if the member is gone or has another password by now.
    ///
    /// - Parameter hash: of the password that was given.
    static func begin(
        of member: MemberID, _ tenant: TenantID, whosePassword hash: String, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws -> String? {
        let isRight = try transaction.first(
            """
            UPDATE members SET last_sign_in_at = \(now)
            WHERE tenant_id = \(tenant) AND id = \(member) AND password_hash = \(hash) AND removed_at IS NULL
            RETURNING true
            """, as: Bool.self)
        guard isRight != nil else { return nil }
        let token = Base62.random(tokenLength)
        try transaction.execute(
            """
            DELETE FROM member_sessions WHERE (tenant_id, token_hash) IN (
                SELECT tenant_id, token_hash FROM member_sessions
                WHERE tenant_id = \(tenant) AND member_id = \(member) ORDER BY created_at DESC OFFSET \(most - 1))
            """)
        try transaction.execute(
            """
            INSERT INTO member_sessions (tenant_id, token_hash, member_id, created_at, used_at)
            VALUES (\(tenant), \(Self.hash(token)), \(member), \(now), \(now))
            """)
        return token
    }

    /// Returns whose session it is, and notes its use; nil if it has ended. Throws ``AccessRefusal/tenantIsSuspended``.
    static func find(
        _ token: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Holder? {
        let found = try transaction.first(
            """
            SELECT s.tenant_id, s.member_id, m.email, m.role, t.status, s.used_at < \(now - .seconds(60))
            FROM member_sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.id = s.member_id
            JOIN tenants t ON t.id = s.tenant_id
            WHERE s.token_hash = \(hash(token)) AND s.used_at > \(now - idle) AND m.removed_at IS NULL
                AND m.password_hash IS NOT NULL
            """, as: TenantID.self, MemberID.self, String.self, MemberRole.self, TenantStatus.self, Bool.self)
        guard let (tenant, member, email, role, status, isOld) = found else { return nil }
        guard status == .active else { throw AccessRefusal.tenantIsSuspended }
        if isOld {
            try transaction.execute(
                "UPDATE member_sessions SET used_at = \(now) WHERE tenant_id = \(tenant) AND token_hash = \(hash(token))"
            )
        }
        return Holder(tenant: tenant, member: member, email: email, role: role)
    }

    /// Ends the session. An unknown one is not an error.
    static func end(_ token: String, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM member_sessions WHERE token_hash = \(hash(token))")
    }

    /// Ends all other sessions of the member.
    static func endOthers(than token: String, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM member_sessions s USING member_sessions own
            WHERE own.token_hash = \(hash(token)) AND s.tenant_id = own.tenant_id AND s.member_id = own.member_id
                AND s.token_hash <> own.token_hash
            """)
    }

    /// The value that a page must send with each change, so that no other site can make one. It is made from the token.
    package static func csrfToken(of token: String) -> String {
        HMAC.sha256(Array("csrf".utf8), key: SecretKey(Array(token.utf8))).hexadecimal
    }

    /// Whether a cookie's value could be one of our tokens. Anything else costs no query.
    static func isPlausible(_ token: String) -> Bool { token.utf8.count == tokenLength && Base62.isValid(token[...]) }

    static func hash(_ token: String) -> [UInt8] { SHA256.hash(Array(token.utf8)) }

    /// How many rows of a kind one sweep deletes. The next one deletes the rest.
    private static let batch = 10_000

    /// Deletes ended sessions and expired links. Nothing depends on it.
    ///
    /// - Parameter pool: has the role `verbatim_system`.
    package static func sweep(on pool: PostgresPool) async throws {
        for removal in removals { _ = try await pool.execute(removal) }
    }

    private static var removals: [PostgresQuery] {
        [
            """
            DELETE FROM member_sessions WHERE (tenant_id, token_hash) IN (
                SELECT tenant_id, token_hash FROM member_sessions WHERE used_at < now() - \(.interval(idle))
                ORDER BY used_at LIMIT \(batch) FOR UPDATE SKIP LOCKED)
            """,
            """
            DELETE FROM member_links WHERE (tenant_id, token_hash) IN (
                SELECT tenant_id, token_hash FROM member_links WHERE expires_at < now()
                ORDER BY expires_at LIMIT \(batch) FOR UPDATE SKIP LOCKED)
            """,
        ]
    }
}
