/// Who sends a request: the tenant, the API key and the session, and what they may do.
package struct Principal: Sendable, Hashable {
    package let tenant: TenantID
    package let key: APIKeyID
    /// Nil for an access token of an older node, which does not name its session.
    package let session: SessionID?
    /// What the access token says that it may do. The key's present scopes count, see ``Revocations/scopes(of:)``.
    package let scopes: Set<Scope>
    /// Whether the token was narrowed at its login: then it may never do more than its scopes, even if the key's grow.
    package let isNarrowed: Bool
    /// Whether the key is a test key.
    package let mode: KeyMode
    /// Names the token if it may submit one job only.
    package let singleUse: String?

    package init(
        tenant: TenantID, key: APIKeyID, session: SessionID? = nil, scopes: Set<Scope> = .all, isNarrowed: Bool = false,
        mode: KeyMode = .live, singleUse: String? = nil
    ) {
        self.mode = mode
        self.singleUse = singleUse
        self.tenant = tenant
        self.key = key
        self.session = session
        self.scopes = scopes
        self.isNarrowed = isNarrowed
    }
}
