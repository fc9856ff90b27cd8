// Writes JSON text straight into bytes: numbers come from integers, so that 1234 ms is 1.234 and nothing else.

/// Appends JSON values in the order of its calls and sets the commas. The caller balances what it opens.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let endsNoLine: Bool

    /// - Parameters:
    ///   - capacity: how many bytes it will be, about.
    ///   - endsNoLine: escape, beside what JSON demands, what readers of lines and terminals may take for a line's end or a command:
    ///     U+007F to U+009F, U+2028 and U+2029.
    package init(capacity: Int, endsNoLine: Bool = false) {
        self.endsNoLine = endsNoLine
        bytes.reserveCapacity(capacity)
    }

    /// What was written, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// `text` as a JSON string, with its quotes.
    package static func quoted(_ text: String) -> String {
        var json = JSONWriter(capacity: text.utf8.count + 2)
        json.string(text)
        return json.text
    }

    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        open("{")
        members(&self)
        close("}")
    }

    package mutating func array<Elements: Sequence>(
        _ elements: Elements, _ element: (inout JSONWriter, Elements.Element) -> Void
    ) {
        open("[")
        for value in elements { element(&self, value) }
        close("]")
    }

    /// A member's name that may need escapes.
    package mutating func key(escaping name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member's name of ours, which needs no escapes.
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ value: String?) {
        guard var value else { return null() }
        separate()
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { escape($0) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    package mutating func integer(_ value: (some FixedWidthInteger)?) {
        if let value { raw(String(value)) } else { null() }
    }

    /// Milliseconds, 0 or more, as seconds: at least one decimal, at most three.
    package mutating func seconds(_ milliseconds: Int64) {
        separate()
        decimal(milliseconds, digits: 3)
        needsComma = true
    }

    /// A share of one with at most four decimals, clamped to 0…1; null for nil and what is not a number.
    package mutating func share(_ value: Double?) {
        guard let value, value.isFinite else { return null() }
        separate()
        decimal(Int64((min(max(value, 0), 1) * 10_000).rounded()), digits: 4)
        needsComma = true
    }

    package mutating func flag(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    /// Text that is JSON already.
    package mutating func raw(_ value: String) {
        separate()
        bytes.append(contentsOf: value.utf8)
        needsComma = true
    }

    package mutating func null() {
        raw("null")
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    /// `value` with its decimal point `digits` places from the right, without needless zeros.
    private mutating func decimal(_ value: Int64, digits: Int) {
        var unit: Int64 = 1
        for _ in 0..<digits { unit *= 10 }
        bytes.append(contentsOf: String(value / unit).utf8)
        bytes.append(UInt8(ascii: "."))
        var rest = value % unit
        repeat {
            unit /= 10
            bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
        } while rest > 0
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var plain = 0
        for (index, byte) in text.enumerated()
        where byte < 0x20 || byte == 0x22 || byte == 0x5C || (endsNoLine && byte >= 0x7F) {
            guard let (unit, length) = Self.escaped(at: index, of: text) else { continue }
            bytes.append(contentsOf: text[plain..<index])
            plain = index + length
            bytes.append(UInt8(ascii: "\\"))
            switch unit {
            case 0x22, 0x5C: bytes.append(byte)
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            default:
                let digits = String(unit, radix: 16)
                bytes.append(contentsOf: "u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            }
        }
        bytes.append(contentsOf: text[plain...])
    }

    /// The character that is to be escaped there, and how many bytes of UTF-8 it has; nil for one that is not.
    private static func escaped(at index: Int, of text: UnsafeBufferPointer<UInt8>) -> (unit: UInt16, length: Int)? {
        let rest = text[index...].prefix(3)
        switch text[index] {
        case 0..<0x80: return (UInt16(text[index]), 1)
        case 0xC2:
            guard let second = rest.dropFirst().first, second < 0xA0 else { return nil }
            return (UInt16(second), 2)
        case 0xE2 where rest.elementsEqual([0xE2, 0x80, 0xA8]): return (0x2028, 3)
        case 0xE2 where rest.elementsEqual([0xE2, 0x80, 0xA9]): return (0x2029, 3)
        default: return nil
        }
    }
}
