import Cryptography

/// An ES256 signature (RFC 7518, section 3.4): r and s, 32 bytes each.
///
/// For each signature there is a second valid one, (r, n − s), which anybody can compute. We issue the one with the lower s, so that a token has
/// one spelling.
package struct ES256Signature: Equatable {
    /// The order n of the curve P-256.
    private static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,  //
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    package let bytes: [UInt8]

    /// Nil unless there are 64 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 64 else { return nil }
        self.bytes = bytes
    }

    /// Signs `message`, with the lower s.
    package init(signing message: [UInt8], by key: P256.PrivateKey) throws {
        guard let made = ES256Signature(try key.signature(of: message)) else {
            throw AccessTokenError.invalid
        }
        self = made.lowered
    }

    /// Returns whether this is a signature of `message` by the owner of `key`.
    package func isValid(for message: [UInt8], under key: P256.PublicKey) -> Bool {
        key.isValid(bytes, of: message)
    }

    package var isLow: Bool { !otherS.lexicographicallyPrecedes(bytes[32...]) }

    /// The signature with the lower s, which we issue.
    package var lowered: ES256Signature {
        guard !isLow, let other = ES256Signature(bytes.prefix(32) + otherS) else { return self }
        return other
    }

    /// n − s. If s is out of range (0, or n and above), the result is meaningless, but such a signature is never valid.
    private var otherS: [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for index in (0..<32).reversed() {
            let difference = Int(Self.order[index]) - Int(bytes[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            result[index] = UInt8(truncatingIfNeeded: difference)
        }
        return result
    }
}
