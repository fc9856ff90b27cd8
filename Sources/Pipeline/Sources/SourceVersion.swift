import Crypto
import Egress
import Foundation

/// Which version of which address a download holds the beginning of.
struct SourceVersion: Codable, Sendable, Equatable {
    /// SHA-256: the address itself may be a secret.
    let address: String
    /// A strong entity tag, or the date of the last change, as the server wrote it; what `If-Range` takes.
    let validator: String

    /// Nil when the answer tells nothing by which a version is known.
    init?(url: String, _ headers: EgressHeaders) {
        // Ranges are of what is sent, and what we hold is what that comes to.
        guard !Self.isCoded(headers), let validator = Self.strongTag(headers) ?? headers["Last-Modified"],
            !validator.isEmpty,
            validator.utf8.count < 1024, validator.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        self.validator = validator
        address = Self.digest(url)
    }

    /// Whether an answer says that it is of this version. One that says nothing of the kind does not.
    func isMeant(by headers: EgressHeaders) -> Bool {
        validator == (validator.hasPrefix("\"") ? Self.strongTag(headers) : headers["Last-Modified"])
    }

    /// Whether the body comes compressed.
    static func isCoded(_ headers: EgressHeaders) -> Bool {
        !["", "identity", "none"].contains((headers["Content-Encoding"] ?? "").lowercased())
    }

    static func digest(_ url: String) -> String {
        SHA256.hash(data: Data(url.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// A weak one names what means the same, not what is the same byte for byte.
    private static func strongTag(_ headers: EgressHeaders) -> String? {
        headers["ETag"].flatMap { $0.hasPrefix("\"") ? $0 : nil }
    }
}
