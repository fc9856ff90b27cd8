import JSON
import Postgres

/// The claims of an access token. ``AccessTokens`` checks them. Times are whole seconds since 1970.
package struct AccessTokenPayload {
    static let issuer = "verbatim"

    let iss: String
    /// The tenant.
    let sub: String
    /// The API key that logged in.
    let key: String
    /// The session. Tokens of older nodes have none.
    let sid: String?
    /// The scopes, separated by blanks (RFC 8693, section 4.2). Tokens of older nodes have none, and may do everything.
    let scope: String?
    /// Whether the token may never do more than `scope`. Otherwise it may do what its key may do.
    let narrowed: Bool
    /// Nil for the token of a live key.
    let mode: String?
    /// The token's own id (RFC 7519, section 4.1.7), if it may submit one job only.
    let jti: String?
    let iat: Int64
    let exp: Int64

    init(_ principal: Principal, issuedAt: Timestamp, lifetimeSeconds: Int64) {
        iss = Self.issuer
        sub = principal.tenant.rawValue
        // Members have no access tokens.
        key = principal.submitter.rawValue
        sid = principal.session?.description
        scope = principal.scopes.names.joined(separator: " ")
        narrowed = principal.isNarrowed
        mode = principal.mode == .live ? nil : principal.mode.rawValue
        jti = principal.singleUse
        iat = issuedAt.milliseconds / 1000
        exp = iat + lifetimeSeconds
    }

    /// Reads a token's payload. Nil if a claim is missing, appears twice or has another type, such as a time that is not an integer. Unknown
    /// claims are ignored: a newer node may have added them.
    package init?(json: [UInt8]) {
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
        (sid, scope) = (text("sid"), text("scope"))
        (mode, jti) = (text("mode"), text("jti"))
        guard sid != nil || claims["sid"] == nil, scope != nil || claims["scope"] == nil,
            mode != nil || claims["mode"] == nil, jti != nil || claims["jti"] == nil
        else { return nil }
        switch claims["narrowed"] {
        case nil: narrowed = false
        case .flag(let flag): narrowed = flag
        default: return nil
        }
        (self.iss, self.sub, self.key, self.iat, self.exp) = (iss, sub, key, iat, exp)
    }

    package var json: [UInt8] {
        var json = JSONWriter(capacity: 320)
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
            if let scope {
                $0.key("scope")
                $0.string(scope)
            }
            if narrowed {
                $0.key("narrowed")
                $0.flag(true)
            }
            if let mode {
                $0.key("mode")
                $0.string(mode)
            }
            if let jti {
                $0.key("jti")
                $0.string(jti)
            }
            $0.key("iat")
            $0.integer(iat)
            $0.key("exp")
            $0.integer(exp)
        }
        return json.bytes
    }

    package var principal: Principal? {
        guard iss == Self.issuer, let tenant = TenantID(rawValue: sub), let key = APIKeyID(rawValue: key) else {
            return nil
        }
        // A scope that only a newer node knows is of no use here.
        let scopes = scope.map { Set($0.split(separator: " ").compactMap { Scope(rawValue: String($0)) }) } ?? .all
        var session: SessionID?
        if let sid {
            session = SessionID(sid)
            guard session != nil else { return nil }
        }
        guard let mode = mode.map({ KeyMode(rawValue: $0) }) ?? .live else { return nil }
        return Principal(
            tenant: tenant, key: key, session: session, scopes: scopes, isNarrowed: narrowed, mode: mode, singleUse: jti
        )
    }
}
