import Cryptography

/// A public key in the form of RFC 7517.
package struct JSONWebKey: Codable, Sendable {
    package let kty, crv, alg, use, kid, x, y: String

    package init(_ key: P256.PublicKey, kid: String) {
        (kty, crv, alg, use, self.kid) = ("EC", "P-256", "ES256", "sig", kid)
        x = Base64URL.encode(key.bytes.prefix(32))
        y = Base64URL.encode(key.bytes.suffix(32))
    }
}

/// The public keys that `/.well-known/jwks.json` returns.
package struct JSONWebKeySet: Codable, Sendable {
    package let keys: [JSONWebKey]
}
