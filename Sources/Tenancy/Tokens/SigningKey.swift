import Crypto
import Foundation
import Postgres

/// A pair of keys that signs access tokens (ES256), named by its `kid`.
struct SigningKey: Sendable {
    let kid: String
    let pair: P256.Signing.PrivateKey
    /// It is published before it signs, so that whoever keeps our key set knows it by then.
    let signsFrom: Timestamp
    /// From then on what it signed counts no more.
    let retiredAt: Timestamp?

    init(signingFrom: Timestamp) {
        pair = P256.Signing.PrivateKey()
        kid = Base62.random(16)
        signsFrom = signingFrom
        retiredAt = nil
    }

    init(kid: String, sealed: [UInt8], signsFrom: Timestamp, retiredAt: Timestamp?, masterKey: MasterKey) throws {
        self.kid = kid
        self.signsFrom = signsFrom
        self.retiredAt = retiredAt
        pair = try P256.Signing.PrivateKey(rawRepresentation: masterKey.open(sealed, for: Self.sealing.purpose(kid)))
    }

    func sealed(under masterKey: MasterKey) throws -> [UInt8] {
        try masterKey.seal(Array(pair.rawRepresentation), for: Self.sealing.purpose(kid))
    }

    func verifies(at now: Timestamp) -> Bool { retiredAt.map { $0 > now } ?? true }

    /// Where the private halves lie.
    static let sealing = SealedColumn(table: "jwt_keys", id: "kid", column: "private_sealed")
}
