/// Who is asking: the tenant, the key it came with, and the login.
package struct Principal: Sendable, Hashable {
    package let tenant: TenantID
    package let key: APIKeyID
    /// Nil for an access token from before these named their session.
    package let session: SessionID?

    package init(tenant: TenantID, key: APIKeyID, session: SessionID? = nil) {
        self.tenant = tenant
        self.key = key
        self.session = session
    }
}
