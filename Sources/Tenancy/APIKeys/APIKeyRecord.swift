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
    /// The key that took its place. This one works until it expires.
    package let replacedBy: APIKeyID?

    /// Whether it opens the door at that moment, and if not, why.
    package func state(at now: Timestamp) -> APIKeyState {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired }
        return .active
    }
}

package enum APIKeyState: String, Sendable {
    case active, expired, revoked
}

/// What a login needs to know of a key.
struct APIKeyCredentials: Sendable {
    let tenant: TenantID
    let secretHash: String
    let tenantStatus: TenantStatus
}
