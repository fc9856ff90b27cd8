/// Who is asking: the tenant, and the key it came with.
package struct Principal: Sendable, Hashable {
    package let tenant: TenantID
    package let key: APIKeyID

    package init(tenant: TenantID, key: APIKeyID) {
        self.tenant = tenant
        self.key = key
    }
}
