import Postgres

extension Principal {
    /// Throws ``AccessRefusal`` if the key or session has ended, the key has lost the scope, or the account is not active, as the database says
    /// now. For requests that last longer than ``Revocations`` remembers, such as an upload.
    ///
    /// - Parameter transaction: a transaction of the role `verbatim_system`.
    package func requireAccess(to scope: Scope, in transaction: PostgresTransaction) throws {
        if case .member(let member) = submitter {
            return try requireAccess(of: member, to: scope, in: transaction)
        }
        let found = try transaction.first(
            """
            SELECT k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()), t.status,
                \(scope.rawValue) = ANY (k.scopes)
            FROM api_keys k JOIN tenants t ON t.id = k.tenant_id WHERE k.id = \(submitter) AND k.tenant_id = \(tenant)
            """, as: Bool.self, TenantStatus.self, Bool.self)
        guard let (isValid, status, hasScope) = found, isValid else { throw AccessRefusal.keyIsOver }
        guard hasScope else { throw AccessRefusal.scopeIsGone(scope) }
        guard status == .active else { throw AccessRefusal.tenantIsSuspended }
        if try isOver(session, in: transaction) { throw AccessRefusal.sessionIsOver }
    }

    private func requireAccess(
        of member: MemberID, to scope: Scope, in transaction: PostgresTransaction
    ) throws {
        let found = try transaction.first(
            """
            SELECT m.role, t.status FROM members m JOIN tenants t ON t.id = m.tenant_id
            WHERE m.tenant_id = \(tenant) AND m.id = \(member) AND m.removed_at IS NULL
            """, as: MemberRole.self, TenantStatus.self)
        guard let (role, status) = found else { throw AccessRefusal.sessionIsOver }
        guard role.scopes.contains(scope) else { throw AccessRefusal.scopeIsGone(scope) }
        guard status == .active else { throw AccessRefusal.tenantIsSuspended }
    }

    private func isOver(_ session: SessionID?, in transaction: PostgresTransaction) throws -> Bool {
        guard let hashes = session?.hashes else { return false }
        return try transaction.first(
            """
            SELECT revoked_at IS NOT NULL FROM refresh_tokens
            WHERE tenant_id = \(tenant) AND token_hash BETWEEN \(hashes.first) AND \(hashes.last) AND token_hash = family
            """, as: Bool.self) ?? false
    }
}
