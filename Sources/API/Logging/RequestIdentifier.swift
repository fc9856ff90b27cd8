import HTTPTypes

/// The name of one request in answers, logs and support tickets.
///
/// A client may bring its own in `X-Request-Id`: at most 64 of `A–Z a–z 0–9 . _ -`, so that it can neither break a
/// log line nor a header. Anything else is replaced by `req_` and 26 random characters (128 bits).
package struct RequestIdentifier: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// A new random id.
    package init() {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        let (high, low) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        var text = Array("req_".utf8)
        // 13 characters of 5 bits take all 64 bits of each half.
        for half in [high, low] {
            for shift in stride(from: 60, through: 0, by: -5) { text.append(alphabet[Int(half >> shift & 31)]) }
        }
        description = String(decoding: text, as: UTF8.self)
    }

    /// The client's id, or nil if it is not one we accept.
    package init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAccepted) else { return nil }
        description = text
    }

    /// Returns the id in these header fields, else a new one.
    package init(_ fields: HTTPFields) {
        self = fields[.xRequestID].flatMap { Self($0) } ?? Self()
    }

    private static func isAccepted(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
