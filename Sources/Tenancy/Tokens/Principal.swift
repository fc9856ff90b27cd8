/// Who sends a request: the tenant, the API key and the session.
package struct Principal: Sendable, Hashable {
    package let tenant: TenantID
    package let key: APIKeyID
    /// Nil for an access token of an older node, which does not name its session.
    package let session: SessionID?

    package init(tenant: TenantID, key: APIKeyID, session: SessionID? = nil) {
        self.tenant = tenant
        self.key = key
        self.session = session
    }
}
