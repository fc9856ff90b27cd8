/// Walks over JSON text that is known to be valid, and gives back its parts as they were written.
struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The next character that is no white space, if it is that one.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// A string: what it says, and how it was written.
    mutating func string() -> (text: String, source: String)? {
        skipSpace()
        let start = position
        guard take("\"") else { return nil }
        var units: [UInt16] = []
        var plain = position
        func text(upTo end: Int) -> String.UTF16View { String(decoding: bytes[plain..<end], as: UTF8.self).utf16 }
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                units += text(upTo: position)
                position += 1
                // Half of a surrogate pair, which JSON allows, becomes U+FFFD.
                return (String(decoding: units, as: UTF16.self), source(from: start))
            case UInt8(ascii: "\\"):
                units += text(upTo: position)
                guard let unit = escape() else { return nil }
                // No program that reads CSV expects a NUL.
                units.append(unit == 0 ? 0xFFFD : unit)
                plain = position
            default:
                position += 1
            }
        }
        return nil
    }

    /// Any value: what it says where it is a scalar (null is none), and how it was written.
    mutating func value() -> (scalar: ExportCell?, source: String)? {
        skipSpace()
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "\""):
            return string().map { (.text($0.text), $0.source) }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let start = position
            return skipNested() ? (nil, source(from: start)) : nil
        default:
            let start = position
            while position < bytes.count, !Self.ends.contains(bytes[position]) { position += 1 }
            let word = source(from: start)
            switch word {
            case "": return nil
            case "null": return (nil, word)
            case "true", "false": return (.flag(word == "true"), word)
            default: return (.number(word), word)
            }
        }
    }

    private static let spaces = [UInt8](" \t\r\n".utf8)
    private static let ends = spaces + [UInt8](",]}:".utf8)

    private func source(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    private mutating func skipSpace() {
        while position < bytes.count, Self.spaces.contains(bytes[position]) { position += 1 }
    }

    /// One UTF-16 unit, from a backslash on.
    private mutating func escape() -> UInt16? {
        guard position + 1 < bytes.count else { return nil }
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            guard position + 4 <= bytes.count else { return nil }
            defer { position += 4 }
            return UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        default: return UInt16(letter)
        }
    }

    /// An object or array to its end. Iterative: how deep a customer nests is theirs to say.
    private mutating func skipNested() -> Bool {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
                if depth == 0 { return true }
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
            default:
                position += 1
            }
        }
        return false
    }
}
