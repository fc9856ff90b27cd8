/// Who sends a request: the tenant, the API key and the session or the member, and what they may do.
package struct Principal: Sendable, Hashable {
    package let tenant: TenantID
    package let submitter: Submitter
    /// Nil for a member, and for an access token of an older node, which does not name its session.
    package let session: SessionID?
    /// What the access token says that it may do. The key's present scopes count, see ``Revocations/scopes(of:)``.
    package let scopes: Set<Scope>
    /// Whether the token was narrowed at its login: then it may never do more than its scopes, even if the key's grow.
    package let isNarrowed: Bool
    /// Whether the key is a test key.
    package let mode: KeyMode
    /// Names the token if it may submit one job only.
    package let singleUse: String?
    /// Nil for an API key.
    package let role: MemberRole?

    package init(
        tenant: TenantID, key: APIKeyID, session: SessionID? = nil, scopes: Set<Scope> = .all, isNarrowed: Bool = false,
        mode: KeyMode = .live, singleUse: String? = nil
    ) {
        self.tenant = tenant
        submitter = .key(key)
        self.session = session
        self.scopes = scopes
        self.isNarrowed = isNarrowed
        self.mode = mode
        self.singleUse = singleUse
        role = nil
    }

    /// A member.
    package init(tenant: TenantID, member: MemberID, role: MemberRole) {
        self.tenant = tenant
        submitter = .member(member)
        session = nil
        scopes = role.scopes
        isNarrowed = false
        mode = .live
        singleUse = nil
        self.role = role
    }

    /// Nil for a member.
    package var key: APIKeyID? { submitter.key }
}
