import Cryptography

/// A public key in the form of RFC 7517.
package struct JSONWebKey: Codable, Sendable {
    package let kty, crv, alg, use, kid, x, y: String

    package init(_ key: P256.PublicKey, kid: String) {
        (kty, crv, alg, use, self.kid) = ("EC", "P-256", "ES256", "sig", kid)
        x = Base64URL.encode(key.bytes.prefix(32))
        y = Base64URL.encode(key.bytes.suffix(32))
    }

    /// Nil if it is no key of the curve P-256.
    package var publicKey: P256.PublicKey? {
        guard kty == "EC", crv == "P-256", let x = Base64URL.decode(x[...]), let y = Base64URL.decode(y[...]) else {
            return nil
        }
        return try? P256.PublicKey(x + y)
    }
}

/// The public keys that `/.well-known/jwks.json` returns.
package struct JSONWebKeySet: Codable, Sendable {
    package let keys: [JSONWebKey]

    package init(keys: [JSONWebKey]) { self.keys = keys }
}
