import Cryptography
import Postgres

/// A link that lets a member set a password, once: an invitation, or a reset. Its token is shown once, and only its hash is stored.
package struct MemberLink: Sendable {
    package static let lifetime = Duration.seconds(72 * 3600)
    private static let length = 43

    /// What the link's address ends with.
    package let token: String
    package let expiresAt: Timestamp

    /// The address that the member opens. The token stands where browsers tell no server, so no proxy logs it.
    ///
    /// - Parameter publicURL: the URL at which customers reach the service; nil: the address is relative.
    package func address(_ publicURL: String?) -> String { "\(publicURL ?? "")/app/password#token=\(token)" }

    /// Makes a link for a member. Links from before work no more.
    package static func make(
        for member: Member, at now: Timestamp = .now(), in transaction: PostgresTransaction
    ) throws -> MemberLink {
        let link = MemberLink(token: Base62.random(length), expiresAt: now + lifetime)
        try transaction.execute(
            "DELETE FROM member_links WHERE tenant_id = \(member.tenant) AND member_id = \(member.id)")
        try transaction.execute(
            """
            INSERT INTO member_links (tenant_id, token_hash, member_id, expires_at)
            VALUES (\(member.tenant), \(hash(link.token)), \(member.id), \(link.expiresAt))
            """)
        return link
    }

    /// Why a link sets no password.
    package enum Refusal: Error {
        /// It was used, has expired or never existed.
        case unusable
        /// Another account has a member with this e-mail address.
        case emailInUse
        case accountSuspended
    }

    /// Whether a token could be one of ours. Anything else costs no query and no hash.
    package static func isPlausible(_ token: String) -> Bool {
        token.utf8.count == length && Base62.isValid(token[...])
    }

    /// Sets the password of the link's member, once. All sessions of the member end. Throws ``Refusal``.
    ///
    /// - Parameters:
    ///   - hash: the Argon2id hash of the new password.
    ///   - transaction: of the role `verbatim_system`.
    package static func use(
        _ token: String, settingPassword hash: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> MemberSession.Holder {
        let found = try transaction.first(
            """
            UPDATE member_links l SET used_at = \(now) FROM members m, tenants t
            WHERE l.token_hash = \(Self.hash(token)) AND l.used_at IS NULL AND l.expires_at > \(now)
                AND m.tenant_id = l.tenant_id AND m.id = l.member_id AND m.removed_at IS NULL AND t.id = m.tenant_id
            RETURNING l.tenant_id, l.member_id, m.email, m.role, t.status,
                EXISTS (SELECT FROM members o WHERE lower(o.email) = lower(m.email) AND o.id <> m.id
                    AND o.removed_at IS NULL AND o.password_hash IS NOT NULL)
            """, as: TenantID.self, MemberID.self, String.self, MemberRole.self, TenantStatus.self, Bool.self)
        guard let (tenant, member, email, role, status, isTaken) = found else { throw Refusal.unusable }
        guard status == .active else { throw Refusal.accountSuspended }
        if isTaken { throw Refusal.emailInUse }
        try transaction.execute(
            "UPDATE members SET password_hash = \(hash) WHERE tenant_id = \(tenant) AND id = \(member)")
        try transaction.execute(
            "DELETE FROM member_sessions WHERE tenant_id = \(tenant) AND member_id = \(member)")
        try AuditEntry(by: .member(member), action: "member password", tenant: tenant, target: member.rawValue)
            .record(in: transaction)
        return MemberSession.Holder(tenant: tenant, member: member, email: email, role: role)
    }

    /// Whether the link still works. Read before a password is hashed, which is slow.
    package static func works(
        _ token: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            SELECT EXISTS (SELECT FROM member_links
                WHERE token_hash = \(hash(token)) AND used_at IS NULL AND expires_at > \(now))
            """, as: Bool.self) ?? false
    }

    private static func hash(_ token: String) -> [UInt8] { SHA256.hash(Array(token.utf8)) }
}
