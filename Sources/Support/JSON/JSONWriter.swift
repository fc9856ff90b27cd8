// Writes JSON text straight into bytes: numbers come from integers, so that 1234 ms is 1.234 and nothing else.

/// Appends JSON values in the order of its calls and sets the commas. The caller balances what it opens.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(capacity: Int) { bytes.reserveCapacity(capacity) }

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

    /// A member's name; keys are ours and need no escapes.
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

    package mutating func integer(_ value: Int) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
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
        for (index, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            bytes.append(contentsOf: text[plain..<index])
            plain = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x22, 0x5C: bytes.append(byte)
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            default:
                let hex = String(byte, radix: 16)
                bytes.append(contentsOf: (byte < 0x10 ? "u000" : "u00").utf8)
                bytes.append(contentsOf: hex.utf8)
            }
        }
        bytes.append(contentsOf: text[plain...])
    }
}
