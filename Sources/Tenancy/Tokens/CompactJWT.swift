import Cryptography
import JSON

/// A JWT in RFC 7515's compact form, parsed before it is verified. The only algorithm is ES256. Its type (`typ`) says what it is for: an access token is
/// no provenance record, and the other way around.
///
/// Lenient parsers accept several spellings of the same token: padding, the other Base64 alphabet, unused bits in the last digit, and the second
/// valid signature that every ECDSA signature has. But a token must have one spelling, because we recognize tokens by their hashes. So all
/// other spellings are rejected here.
package struct CompactJWT {
    /// The `typ` in the header of our tokens. Tokens of older nodes have `JWT` instead, and may have either of the two signatures.
    static let type = "at+jwt"
    private static let algorithm = "ES256"

    /// The key's name in the header. Nothing is verified yet.
    package let kid: String
    /// The payload. Use it only after ``isSigned(by:)``.
    let payload: [UInt8]
    /// The signed part of the text: header, dot and payload.
    private let signed: Substring
    private let signature: ES256Signature

    /// Nil if `text` is not a token of this type in that one spelling.
    package init?(_ text: String, type: String = Self.type) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]).flatMap(Self.members),
            header["alg"] == Self.algorithm, let kid = header["kid"],
            let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]).flatMap(ES256Signature.init)
        else { return nil }
        switch header["typ"] {
        case type: guard signature.isLow else { return nil }
        case "JWT" where type == Self.type: break
        default: return nil
        }
        self.kid = kid
        self.payload = payload
        self.signature = signature
        signed = text[..<parts[1].endIndex]
    }

    func isSigned(by key: SigningKey) -> Bool { isSigned(by: key.pair.publicKey) }

    func isSigned(by key: P256.PublicKey) -> Bool { signature.isValid(for: Array(signed.utf8), under: key) }

    /// Returns an access token with this payload, signed by `key`.
    package static func issue(_ payload: [UInt8], by key: SigningKey) throws -> String {
        try issue(payload, type: type, kid: key.kid, by: key.pair)
    }

    /// Returns a token of this type with this payload, signed by the key `kid`.
    static func issue(_ payload: [UInt8], type: String, kid: String, by pair: P256.PrivateKey) throws -> String {
        var header = JSONWriter(capacity: 64)
        header.object {
            $0.key("alg")
            $0.string(algorithm)
            $0.key("kid")
            $0.string(kid)
            $0.key("typ")
            $0.string(type)
        }
        let signed = Base64URL.encode(header.bytes) + "." + Base64URL.encode(payload)
        return signed + "." + Base64URL.encode(try ES256Signature(signing: Array(signed.utf8), by: pair).bytes)
    }

    /// Returns the members of a header, which are all strings. Nil if there is an unknown member, or one appears twice: others may read such a
    /// token differently.
    private static func members(_ header: [UInt8]) -> [String: String]? {
        guard let members = try? JSONObjectReader.members(of: header, deepest: 1) else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            guard ["alg", "kid", "typ"].contains(member.name), case .string(let text) = member.value,
                texts.updateValue(text, forKey: member.name) == nil
            else { return nil }
        }
        return texts
    }
}
