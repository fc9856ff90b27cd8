import Postgres

/// An API key as the service stores it, without its secret.
package struct APIKeyRecord: Sendable, Equatable {
    package let id: APIKeyID
    package let tenant: TenantID
    package let mode: KeyMode
    package let name: String
    package let rules: KeyRules
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    package let lastUsedAt: Timestamp?
    /// The key that replaces it. This key works until it expires.
    package let replacedBy: APIKeyID?

    /// Returns whether the key works at that moment, and if not, why.
    package func state(at now: Timestamp) -> APIKeyState {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired }
        return .active
    }
}

package enum APIKeyState: String, Sendable {
    case active, expired, revoked
}

/// What a login needs to know about a key.
struct APIKeyCredentials: Sendable {
    let tenant: TenantID
    let secretHash: String
    let rules: KeyRules
    let tenantStatus: TenantStatus
}
