import TestSupport

/// Makes inputs from others: flips, cuts, repeats, splices, words of a dictionary and numbers at the edges of their types. The same seed makes
/// the same inputs.
struct Mutator {
    private var dice: SeededGenerator
    private let dictionary: [[UInt8]]
    private let longest: Int

    /// Numbers at which parsers break.
    private static let edges: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ]
    private static let writtenEdges = [
        "-1", "00", "1e400", "1e-400", "0.1", "9007199254740993", "18446744073709551616", "99999999999999999999999",
        "170141183460469231731687303715884105728", "-9223372036854775809", "+1", "0x10", "1_000", "١",
    ]

    init(seed: UInt64, dictionary: [String], longest: Int) {
        dice = SeededGenerator(seed: seed)
        self.dictionary =
            dictionary.map { Array($0.utf8) } + Self.writtenEdges.map { Array($0.utf8) }
            + Self.edges.map { Array(String($0).utf8) }
        self.longest = longest
    }

    /// Returns a number from 0 to `limit` - 1.
    mutating func below(_ limit: Int) -> Int { Int(dice.next() % UInt64(max(1, limit))) }

    /// Changes an input in one to some dozen places.
    mutating func mutated(_ input: [UInt8], others: [[UInt8]]) -> [UInt8] {
        var bytes = input
        // Half of them in one place: more changes hide each other.
        var rounds = 1
        while rounds < 16, below(2) == 0 { rounds += 1 }
        for _ in 0..<rounds { change(&bytes, others) }
        if bytes.count > longest { bytes.removeLast(bytes.count - longest) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        switch below(15) {
        case 0: overwrite(&bytes, with: [UInt8(truncatingIfNeeded: dice.next())])
        case 1: flip(&bytes)
        case 2: insert(dice.bytes(1 + below(8)), into: &bytes)
        case 3, 4: insert(word(), into: &bytes)
        case 5: overwrite(&bytes, with: word())
        case 6: overwrite(&bytes, with: edge())
        case 7: bytes.removeSubrange(range(in: bytes))
        case 8: bytes.removeLast(below(bytes.count + 1))
        case 9: insert(Array(bytes[range(in: bytes)]), into: &bytes)
        case 10: multiply(&bytes)
        case 11: splice(&bytes, others)
        case 12: swap(&bytes)
        case 13: changeDigit(&bytes)
        default: changeCase(&bytes)
        }
    }

    private mutating func place(in bytes: [UInt8]) -> Int { below(bytes.count + 1) }

    /// Short ranges are more likely than long ones.
    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = place(in: bytes)
        let reach = [4, 16, 64, bytes.count][below(4)]
        return start..<min(bytes.count, start + below(reach + 1))
    }

    private mutating func word() -> [UInt8] { dictionary[below(dictionary.count)] }

    /// A number in one to eight bytes, in either order.
    private mutating func edge() -> [UInt8] {
        let number = Self.edges[below(Self.edges.count)]
        let width = [1, 2, 4, 8][below(4)]
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        return below(2) == 0 ? bytes : bytes.reversed()
    }

    private mutating func insert(_ other: [UInt8], into bytes: inout [UInt8]) {
        bytes.insert(contentsOf: other, at: place(in: bytes))
    }

    private mutating func overwrite(_ bytes: inout [UInt8], with other: [UInt8]) {
        let start = place(in: bytes)
        bytes.replaceSubrange(start..<min(bytes.count, start + other.count), with: other)
    }

    private mutating func flip(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        bytes[below(bytes.count)] ^= 1 << UInt8(below(8))
    }

    /// Repeats a part up to some hundred times: nesting, lists, long names.
    private mutating func multiply(_ bytes: inout [UInt8]) {
        let part = Array(bytes[range(in: bytes)])
        let times = [2, 8, 64, 600][below(4)]
        guard part.count * times <= longest else { return }
        insert(Array(repeatElement(part, count: times).joined()), into: &bytes)
    }

    private mutating func splice(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        guard !others.isEmpty else { return }
        let other = others[below(others.count)]
        bytes = Array(bytes[..<place(in: bytes)] + other[place(in: other)...])
    }

    private mutating func swap(_ bytes: inout [UInt8]) {
        guard bytes.count > 1 else { return }
        bytes.swapAt(below(bytes.count), below(bytes.count))
    }

    private mutating func changeDigit(_ bytes: inout [UInt8]) {
        let digits = bytes.indices.filter { (48...57).contains(bytes[$0]) }
        guard !digits.isEmpty else { return }
        bytes[digits[below(digits.count)]] = UInt8(48 + below(10))
    }

    private mutating func changeCase(_ bytes: inout [UInt8]) {
        let letters = bytes.indices.filter { (65...90).contains(bytes[$0] & 0xDF) }
        guard !letters.isEmpty else { return }
        bytes[letters[below(letters.count)]] ^= 0x20
    }
}
