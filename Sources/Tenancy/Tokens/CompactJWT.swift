import Foundation

/// A JWT in RFC 7515's compact form, parsed before it is verified.
///
/// The libraries accept several spellings of the same token: padding, the other Base64 alphabet, unused bits in the last digit, and the second
/// valid signature that every ECDSA signature has. But a token must have one spelling, because we recognize tokens by their hashes. So all
/// other spellings are rejected here.
struct CompactJWT {
    /// The `typ` in the header of our tokens. Tokens of older nodes have `JWT` instead, and may have either of the two signatures.
    static let type = "at+jwt"

    /// The key's name in the header. Nothing is verified yet.
    let kid: String

    private struct Header: Decodable {
        let alg: String
        let kid: String
        let typ: String?
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Self.bytes(of: parts[0]),
            let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)), header.alg == "ES256",
            Self.bytes(of: parts[1]) != nil, let signature = Self.bytes(of: parts[2]).flatMap(ES256Signature.init)
        else { return nil }
        switch header.typ {
        case Self.type: guard signature.isLow else { return nil }
        case "JWT": break
        default: return nil
        }
        kid = header.kid
    }

    /// Returns the same token with the one of its two signatures that we issue. Nil if it has no valid form.
    static func lowered(_ text: String) -> String? {
        guard let dot = text.lastIndex(of: "."),
            let signature = bytes(of: text[text.index(after: dot)...]).flatMap(ES256Signature.init)
        else { return nil }
        return text[...dot] + encoded(signature.lowered.bytes)
    }

    /// Decodes base64url (RFC 4648, section 5) without padding. Nil for every other spelling, and for empty text.
    private static func bytes(of text: Substring) -> [UInt8]? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let standard = String(text).replacing("-", with: "+").replacing("_", with: "/") + padding
        guard let data = Data(base64Encoded: standard) else { return nil }
        // Only encoding it again shows whether unused bits of the last digit were set.
        return encoded(Array(data)) == text ? Array(data) : nil
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
