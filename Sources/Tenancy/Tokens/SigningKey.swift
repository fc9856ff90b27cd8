import Crypto
import Foundation

/// A pair of keys that signs access tokens (ES256), named by its `kid`.
struct SigningKey: Sendable {
    let kid: String
    let pair: P256.Signing.PrivateKey

    init() {
        pair = P256.Signing.PrivateKey()
        kid = Base62.random(16)
    }

    init(kid: String, sealed: [UInt8], masterKey: MasterKey) throws {
        self.kid = kid
        pair = try P256.Signing.PrivateKey(rawRepresentation: masterKey.open(sealed, for: Self.purpose(kid)))
    }

    func sealed(under masterKey: MasterKey) throws -> [UInt8] {
        try masterKey.seal(Array(pair.rawRepresentation), for: Self.purpose(kid))
    }

    private static func purpose(_ kid: String) -> String { "jwt_keys.private_sealed:\(kid)" }
}

/// A public key as RFC 7517 writes it.
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

/// The public keys, as `/.well-known/jwks.json` answers them.
package struct JSONWebKeySet: Codable, Sendable {
    package let keys: [JSONWebKey]
}
