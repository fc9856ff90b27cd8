import Crypto

/// A public key in the form of RFC 7517.
package struct JSONWebKey: Codable, Sendable {
    package let kty, crv, alg, use, kid, x, y: String

    package init(_ key: P256.Signing.PublicKey, kid: String) {
        let point = key.rawRepresentation
        (kty, crv, alg, use, self.kid) = ("EC", "P-256", "ES256", "sig", kid)
        x = Base64URL.encode(point.prefix(32))
        y = Base64URL.encode(point.suffix(32))
    }
}

/// The public keys that `/.well-known/jwks.json` returns.
package struct JSONWebKeySet: Codable, Sendable {
    package let keys: [JSONWebKey]
}
