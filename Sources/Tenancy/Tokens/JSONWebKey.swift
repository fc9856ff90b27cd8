import Crypto
import Foundation

/// A public key in the form of RFC 7517.
package struct JSONWebKey: Codable, Sendable {
    package let kty, crv, alg, use, kid, x, y: String

    init(_ key: SigningKey) {
        let point = key.pair.publicKey.rawRepresentation
        (kty, crv, alg, use, kid) = ("EC", "P-256", "ES256", "sig", key.kid)
        x = Self.base64URL(point.prefix(32))
        y = Self.base64URL(point.suffix(32))
    }

    private static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// The public keys that `/.well-known/jwks.json` returns.
package struct JSONWebKeySet: Codable, Sendable {
    package let keys: [JSONWebKey]
}
