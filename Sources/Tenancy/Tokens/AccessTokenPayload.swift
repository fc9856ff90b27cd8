import JSON
import Postgres

/// The claims of an access token. ``AccessTokens`` checks them. Times are whole seconds since 1970.
struct AccessTokenPayload {
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

    /// Reads a token's payload. Nil if a claim is missing, appears twice or has another type, such as a time that is not an integer. Unknown
    /// claims are ignored: a newer node may have added them.
    init?(json: [UInt8]) {
        guard let members = try? JSONObjectReader.members(of: json, deepest: 8) else { return nil }
        var claims: [String: JSONReader.Value] = [:]
        for member in members {
            guard claims.updateValue(member.value, forKey: member.name) == nil else { return nil }
        }
        func integer(_ name: String) -> Int64? {
            if case .number(let text) = claims[name] { Int64(text) } else { nil }
        }
        func text(_ name: String) -> String? {
            if case .string(let text) = claims[name] { text } else { nil }
        }
        guard let iss = text("iss"), let sub = text("sub"), let key = text("key"), let iat = integer("iat"),
            let exp = integer("exp")
        else { return nil }
        sid = text("sid")
        guard sid != nil || claims["sid"] == nil else { return nil }
        (self.iss, self.sub, self.key, self.iat, self.exp) = (iss, sub, key, iat, exp)
    }

    var json: [UInt8] {
        var json = JSONWriter(capacity: 192)
        json.object {
            $0.key("iss")
            $0.string(iss)
            $0.key("sub")
            $0.string(sub)
            $0.key("key")
            $0.string(key)
            if let sid {
                $0.key("sid")
                $0.string(sid)
            }
            $0.key("iat")
            $0.integer(iat)
            $0.key("exp")
            $0.integer(exp)
        }
        return json.bytes
    }

    var principal: Principal? {
        guard iss == Self.issuer, let tenant = TenantID(rawValue: sub), let key = APIKeyID(rawValue: key) else {
            return nil
        }
        guard let sid else { return Principal(tenant: tenant, key: key) }
        guard let session = SessionID(sid) else { return nil }
        return Principal(tenant: tenant, key: key, session: session)
    }
}
