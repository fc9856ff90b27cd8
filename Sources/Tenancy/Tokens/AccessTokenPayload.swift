import JWTKit
import Postgres

/// The claims of an access token. Times are whole seconds since 1970.
struct AccessTokenPayload: JWTPayload {
    static let issuer = "verbatim"

    let iss: String
    /// The tenant.
    let sub: String
    /// The API key that logged in.
    let key: String
    /// The session. Tokens of older nodes have none.
    let sid: String?
    let iat: Int64
    let exp: Int64

    init(_ principal: Principal, issuedAt: Timestamp, lifetimeSeconds: Int64) {
        iss = Self.issuer
        sub = principal.tenant.rawValue
        key = principal.key.rawValue
        sid = principal.session?.description
        iat = issuedAt.milliseconds / 1000
        exp = iat + lifetimeSeconds
    }

    /// Does nothing: JWTKit only checks the signature. ``AccessTokens`` checks the claims, with its own clock.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    var principal: Principal? {
        guard iss == Self.issuer, let tenant = TenantID(rawValue: sub), let key = APIKeyID(rawValue: key) else {
            return nil
        }
        guard let sid else { return Principal(tenant: tenant, key: key) }
        guard let session = SessionID(sid) else { return nil }
        return Principal(tenant: tenant, key: key, session: session)
    }
}
