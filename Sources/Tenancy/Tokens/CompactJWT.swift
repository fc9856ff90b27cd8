import Foundation

/// A JWT as it is written (RFC 7515's compact form), taken apart before anything in it is believed.
///
/// The libraries read more than one spelling of the same token: padding, the other alphabet of base64, digits whose last bits belong to
/// no byte, and the second signature that every signature of ECDSA has. Whoever keeps a token's text, or its hash, tells by it whether
/// it is the same token; so there is one spelling, and the others are no tokens.
struct CompactJWT {
    /// What the header of a token says that this service issues. Tokens without it come from an older node: their signature may be either of the two.
    static let type = "at+jwt"

    /// Of the header; nothing is verified by it.
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

    /// The same token with the signature that we issue.
    static func lowered(_ text: String) -> String? {
        guard let dot = text.lastIndex(of: "."),
            let signature = bytes(of: text[text.index(after: dot)...]).flatMap(ES256Signature.init)
        else { return nil }
        return text[...dot] + encoded(signature.lowered.bytes)
    }

    /// What base64url (RFC 4648, 5) without padding spells; nil for every other spelling, and for nothing.
    private static func bytes(of text: Substring) -> [UInt8]? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let standard = String(text).replacing("-", with: "+").replacing("_", with: "/") + padding
        guard let data = Data(base64Encoded: standard) else { return nil }
        // The last digit's spare bits show only in this direction.
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
