import Cryptography
import Postgres

/// A key pair that signs access tokens (ES256). Its name is the `kid`.
package struct SigningKey: Sendable {
    let kid: String
    let pair: P256.PrivateKey
    /// When it begins to sign. It is published earlier, so that clients who cache our public keys have it by then.
    let signsFrom: Timestamp
    /// When its signatures stop being valid; nil if that is not decided.
    let retiredAt: Timestamp?

    init(signingFrom: Timestamp) throws {
        pair = try P256.PrivateKey()
        kid = Base62.random(16)
        signsFrom = signingFrom
        retiredAt = nil
    }

    package init(kid: String, sealed: [UInt8], signsFrom: Timestamp, retiredAt: Timestamp?, masterKey: MasterKey) throws
    {
        self.kid = kid
        self.signsFrom = signsFrom
        self.retiredAt = retiredAt
        pair = try P256.PrivateKey(masterKey.open(sealed, for: Self.sealing.purpose(kid)))
    }

    func sealed(under masterKey: MasterKey) throws -> [UInt8] {
        try masterKey.seal(pair.bytes, for: Self.sealing.purpose(kid))
    }

    func verifies(at now: Timestamp) -> Bool { retiredAt.map { $0 > now } ?? true }

    /// Where the private keys are stored.
    package static let sealing = SealedColumn(table: "jwt_keys", id: "kid", column: "private_sealed")
}
