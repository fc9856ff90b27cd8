// A block of addresses: a base address, and how many of its leading bits count.

package struct CIDR: Sendable, Hashable, CustomStringConvertible {
    package let base: IPAddress
    package let prefix: Int

    /// - Parameter text: `10.0.0.0/8`, `fd00::/8`, or a single address.
    /// - Throws: `CIDRError`. Its description says what is wrong and how to write it.
    package init(_ text: String) throws(CIDRError) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let base = halves.first.flatMap({ IPAddress(String($0)) }) else {
            throw .notAnAddress(text)
        }
        let width = base.width
        var prefix = width
        if halves.count == 2 {
            guard let number = Int(halves[1]), (0...width).contains(number), halves[1].allSatisfy(\.isNumber) else {
                throw .badPrefix(text, limit: width)
            }
            prefix = number
        }
        let masked = base.masked(to: prefix)
        guard masked == base else { throw .bitsBeyondPrefix(text, meant: "\(masked)/\(prefix)") }
        self.init(base: base, prefix: prefix)
    }

    /// - Parameter text: Blocks or single addresses, separated by commas or white space; may be empty.
    package static func list(_ text: String) throws(CIDRError) -> [CIDR] {
        var blocks: [CIDR] = []
        for item in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            blocks.append(try CIDR(String(item)))
        }
        return blocks
    }

    private init(base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    package static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ prefix: Int) -> CIDR {
        let number = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
        return CIDR(base: .v4(number), prefix: prefix)
    }

    /// - Parameter groups: The leading 16-bit groups; the others are zero.
    package static func v6(_ groups: UInt16..., prefix: Int) -> CIDR {
        var number: UInt128 = 0
        for index in 0..<8 {
            number = number << 16 | UInt128(index < groups.count ? groups[index] : 0)
        }
        return CIDR(base: .v6(number), prefix: prefix)
    }

    /// `10.0.0.0/8`
    package var description: String { "\(base)/\(prefix)" }

    /// Returns whether the block contains the address. Families never mix: `10.0.0.0/8` does not contain `::ffff:10.0.0.1`.
    package func contains(_ address: IPAddress) -> Bool {
        address.masked(to: prefix) == base
    }
}

/// Why a text is not a block of addresses. The description quotes the text, because it is an operator's setting.
package enum CIDRError: Error, Equatable, CustomStringConvertible {
    case notAnAddress(String)
    case badPrefix(String, limit: Int)
    case bitsBeyondPrefix(String, meant: String)

    package var description: String {
        switch self {
        case .notAnAddress(let text):
            "“\(text)” is not an address block; write one like 10.0.0.0/8, fd00::/8 or 192.168.1.7"
        case .badPrefix(let text, let limit):
            "the prefix length in “\(text)” must be a number from 0 to \(limit)"
        case .bitsBeyondPrefix(let text, let meant):
            "“\(text)” has bits set beyond its prefix length; did you mean \(meant)?"
        }
    }
}

extension IPAddress {
    fileprivate var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    fileprivate func masked(to prefix: Int) -> IPAddress {
        // In Swift, a shift by the whole width gives zero, so prefix 0 is not a special case.
        switch self {
        case .v4(let number): .v4(number & (UInt32.max << (32 - prefix)))
        case .v6(let number): .v6(number & (UInt128.max << (128 - prefix)))
        }
    }
}
