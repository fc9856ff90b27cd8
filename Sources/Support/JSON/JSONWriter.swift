// Writes JSON text directly as bytes. Decimal numbers are made from integers, so that 1234 ms is exactly 1.234.

/// Appends JSON values in the order of the calls, with commas between them. The caller writes a key before each member's value.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let endsNoLine: Bool

    /// - Parameters:
    ///   - capacity: roughly how many bytes will be written.
    ///   - endsNoLine: also escape characters that programs may take for a line end and terminals for a command: U+007F to U+009F, U+2028
    ///     and U+2029.
    package init(capacity: Int, endsNoLine: Bool = false) {
        self.endsNoLine = endsNoLine
        bytes.reserveCapacity(capacity)
    }

    /// What has been written, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Returns `text` as a JSON string with quotes.
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

    /// Writes a member's name, escaped.
    package mutating func key(escaping name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name that needs no escapes.
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

    /// Writes milliseconds (0 or more) as seconds with one to three decimals.
    package mutating func seconds(_ milliseconds: Int64) {
        separate()
        decimal(milliseconds, digits: 3)
        needsComma = true
    }

    /// Writes a share, clamped to 0…1, with one to four decimals. Nil and NaN become null.
    package mutating func share(_ value: Double?) {
        guard let value, value.isFinite else { return null() }
        separate()
        decimal(Int64((min(max(value, 0), 1) * 10_000).rounded()), digits: 4)
        needsComma = true
    }

    package mutating func flag(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    /// Writes text that is already JSON.
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

    /// Writes `value` with the decimal point `digits` places from the right, and without needless zeros.
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

    /// Returns the character at `index` and its length in UTF-8 bytes, if it must be escaped; else nil.
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
