import Postgres

/// An issued API key as the service knows it: everything but its secret.
package struct APIKeyRecord: Sendable, Equatable {
    package let id: APIKeyID
    package let tenant: TenantID
    package let name: String
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    package let lastUsedAt: Timestamp?
}

/// What a login needs to know of a key.
struct APIKeyCredentials: Sendable {
    let tenant: TenantID
    let secretHash: String
    let tenantStatus: TenantStatus
}
