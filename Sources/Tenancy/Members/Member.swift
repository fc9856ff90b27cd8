import Cryptography
import Postgres

/// A person of an account, without the password.
package struct Member: Sendable, Equatable {
    package let id: MemberID
    package let tenant: TenantID
    package let email: String
    package let role: MemberRole
    package let createdAt: Timestamp
    package let lastSignIn: Timestamp?
    /// Whether the invitation was accepted, so that the member can sign in.
    package let isActive: Bool

    /// How many members an account can have.
    package static let most = 1000
    /// In bytes.
    static let longestAddress = 254

    /// Returns an e-mail address as it is stored; nil if `text` is none. Only what is certainly wrong is rejected: whether an address exists, a
    /// message tells.
    package static func address(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), !parts[1].hasPrefix("."),
            !parts[1].hasSuffix("."), text.utf8.count <= longestAddress,
            text.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace }),
            // It must not look like another one.
            (try? PlainName(text, longest: longestAddress)) != nil
        else { return nil }
        return text
    }
}

extension Member {
    private static let columns: PostgresQuery =
        "id, tenant_id, email, role, created_at, last_sign_in_at, has_password"

    /// Returns a tenant's members, oldest first.
    ///
    /// - Parameter last: the member with which the previous page ended.
    package static func list(
        of tenant: TenantID, after last: MemberID? = nil, limit: Int = most, in transaction: PostgresTransaction
    ) throws -> [Member] {
        try transaction.query(
            """
            SELECT \(columns) FROM members WHERE tenant_id = \(tenant) AND removed_at IS NULL AND id > \(last?.rawValue ?? "")
            ORDER BY id LIMIT \(limit)
            """
        ).map(Member.init(row:))
    }

    package static func find(
        _ id: MemberID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Member? {
        try transaction.query(
            "SELECT \(columns) FROM members WHERE tenant_id = \(tenant) AND id = \(id) AND removed_at IS NULL"
        ).first.map(Member.init(row:))
    }

    /// Returns a member whom the transaction changes. Nobody else changes the account's members meanwhile.
    package static func findForChange(
        _ id: MemberID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Member? {
        try lock(tenant, in: transaction)
        return try find(id, of: tenant, in: transaction)
    }

    /// The account has a member with this e-mail address already.
    package struct Known: Error {}
    /// The account has ``most`` members already.
    package struct TooMany: Error {}
    /// The account would be left without an owner who can sign in.
    package struct LastOwner: Error {}

    /// Adds a member who has not accepted yet. Throws ``Known`` or ``TooMany``.
    package static func invite(
        _ email: String, role: MemberRole, to tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Member {
        try lock(tenant, in: transaction)
        let (count, isKnown) =
            try transaction.first(
                """
                SELECT count(*), coalesce(bool_or(lower(email) = lower(\(email))), false) FROM members
                WHERE tenant_id = \(tenant) AND removed_at IS NULL
                """, as: Int.self, Bool.self) ?? (0, false)
        if isKnown { throw Known() }
        guard count < most else { throw TooMany() }
        return try Member(
            row: transaction.query(
                """
                INSERT INTO members (tenant_id, id, email, role) VALUES (\(tenant), \(MemberID()), \(email), \(role))
                RETURNING \(columns)
                """)[0])
    }

    /// Changes the role of a member from ``findForChange(_:of:in:)``; it holds within a second. Throws ``LastOwner``.
    package func change(to role: MemberRole, in transaction: PostgresTransaction) throws {
        if role != .owner { try requireAnotherOwner(in: transaction) }
        try transaction.execute("UPDATE members SET role = \(role) WHERE tenant_id = \(tenant) AND id = \(id)")
    }

    /// Removes a member from ``findForChange(_:of:in:)``; sessions end within a second. Throws ``LastOwner``.
    package func remove(in transaction: PostgresTransaction) throws {
        try requireAnotherOwner(in: transaction)
        try transaction.execute(
            """
            UPDATE members SET removed_at = now(), email = 'removed ' || id, password_hash = NULL
            WHERE tenant_id = \(tenant) AND id = \(id)
            """)
        try endSessions(in: transaction)
        try transaction.execute("DELETE FROM member_links WHERE tenant_id = \(tenant) AND member_id = \(id)")
    }

    func endSessions(in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM member_sessions WHERE tenant_id = \(tenant) AND member_id = \(id)")
    }

    private func requireAnotherOwner(in transaction: PostgresTransaction) throws {
        guard role == .owner, isActive else { return }
        let others = try transaction.first(
            """
            SELECT count(*) FROM members
            WHERE tenant_id = \(tenant) AND role = 'owner' AND has_password AND removed_at IS NULL
                AND id <> \(id)
            """, as: Int.self)
        guard others ?? 0 > 0 else { throw LastOwner() }
    }

    /// One change of a tenant's members at a time, so that two owners don't remove each other.
    private static func lock(_ tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT pg_advisory_xact_lock(hashtextextended(\(tenant), 9))")
    }

    private init(row: PostgresRow) throws {
        id = try row.value("id")
        tenant = try row.value("tenant_id")
        email = try row.value("email")
        role = try row.value("role")
        createdAt = try row.value("created_at")
        lastSignIn = try row.value("last_sign_in_at")
        isActive = try row.value("has_password")
    }
}
