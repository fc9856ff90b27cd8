import Cryptography
import Egress
import Foundation

/// The URL and version of a partial download.
struct SourceVersion: Codable, Sendable, Equatable {
    /// The SHA-256 of the URL, because the URL itself may be a secret.
    let address: String
    /// A strong `ETag`, or `Last-Modified`, as the server wrote it, for `If-Range`.
    let validator: String

    /// Nil if the response has no validator.
    init?(url: String, _ headers: EgressHeaders) {
        // Ranges refer to the encoded bytes, but we store the decoded ones.
        guard !Self.isCoded(headers), let validator = Self.strongTag(headers) ?? headers["Last-Modified"],
            !validator.isEmpty,
            validator.utf8.count < 1024, validator.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        self.validator = validator
        address = Self.digest(url)
    }

    /// Returns whether a response says that it is of this version. Without a validator, it does not.
    func isMeant(by headers: EgressHeaders) -> Bool {
        validator == (validator.hasPrefix("\"") ? Self.strongTag(headers) : headers["Last-Modified"])
    }

    /// Returns whether the body is compressed.
    static func isCoded(_ headers: EgressHeaders) -> Bool {
        !["", "identity", "none"].contains((headers["Content-Encoding"] ?? "").lowercased())
    }

    static func digest(_ url: String) -> String {
        SHA256.hash(Array(url.utf8)).hexadecimal
    }

    /// Returns the `ETag` if it is strong. A weak one does not guarantee the same bytes.
    private static func strongTag(_ headers: EgressHeaders) -> String? {
        headers["ETag"].flatMap { $0.hasPrefix("\"") ? $0 : nil }
    }
}
