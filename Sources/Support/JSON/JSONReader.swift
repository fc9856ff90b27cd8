/// Reads JSON text (RFC 8259) and gives its parts back as they were written.
///
/// It keeps nothing of what it has read, and does not call itself: deep nesting costs no stack. Two kinds of text are told apart:
///
/// - What somebody sends is read strictly, as PostgreSQL reads it too. What passes can be stored, given back as it was written, and
///   read by whoever gets it. Other readers take more: a byte order mark, UTF-16, halves of surrogate pairs.
/// - What is stored already is read by whatever rules held when it came: any depth, any number, and U+FFFD for what is no character.
package struct JSONReader {
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        case tooDeep(levels: Int)
        /// `\u0000`, which no text in the database can hold.
        case holdsNUL
        /// `\ud800` alone, say: no character.
        case loneSurrogate
        /// Beyond 1.8e308: readers that keep numbers as doubles, which are most, would refuse the whole document.
        case hugeNumber
    }

    private let bytes: [UInt8]
    private let isStrict: Bool
    private let deepest: Int
    /// How many objects and arrays are open here.
    private var depth = 0
    package private(set) var position = 0

    /// Reads what somebody sent. Throws ``Fault/malformed`` unless it is UTF-8.
    ///
    /// - Parameter deepest: how many levels of objects and arrays there may be.
    package init(_ bytes: [UInt8], deepest: Int) throws(Fault) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .malformed }
        self.bytes = bytes
        self.deepest = deepest
        isStrict = true
    }

    /// Reads what is stored.
    package init(stored text: String) {
        bytes = Array(text.utf8)
        deepest = .max
        isStrict = false
    }

    // MARK: - Punctuation

    /// The next byte that is no white space, without taking it; nil at the end.
    package mutating func next() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    /// Takes the next character if it is this one.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Takes the bracket that opens an object or an array, if it comes next.
    package mutating func open(_ bracket: Unicode.Scalar) throws(Fault) -> Bool {
        guard next() == UInt8(ascii: bracket) else { return false }
        guard depth < deepest else { throw .tooDeep(levels: deepest) }
        depth += 1
        position += 1
        return true
    }

    /// Takes the bracket that closes the innermost object or array, if it comes next.
    package mutating func close(_ bracket: Unicode.Scalar) -> Bool {
        guard take(bracket) else { return false }
        depth -= 1
        return true
    }

    /// Throws unless nothing but white space is left.
    package mutating func end() throws(Fault) {
        guard next() == nil else { throw .malformed }
    }

    // MARK: - Values

    /// What a value is, and its text.
    package enum Value: Sendable, Equatable {
        case null
        case flag(Bool)
        /// As written, with as many digits as it has: whoever reads it decides how many of them count.
        case number(String)
        /// Without quotes and escapes.
        case string(String)
        /// As written.
        case object(String)
        /// As written.
        case array(String)
    }

    /// The next value.
    package mutating func value() throws(Fault) -> Value {
        switch next() {
        case UInt8(ascii: "{"): return .object(try nested())
        case UInt8(ascii: "["): return .array(try nested())
        default: return try scalar()
        }
    }

    /// The next value, which is neither an object nor an array.
    package mutating func scalar() throws(Fault) -> Value {
        switch next() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            return .flag(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .flag(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default: return .number(try number())
        }
    }

    /// What stands between a place and here, as it was written.
    package func source(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    /// An object or array to its end, as it was written.
    private mutating func nested() throws(Fault) -> String {
        let start = position
        var closers: [Unicode.Scalar] = []
        repeat {
            // Where a value begins.
            if try open("{") {
                closers.append("}")
                if !close("}") {
                    try key()
                    continue
                }
                closers.removeLast()
            } else if try open("[") {
                closers.append("]")
                if !close("]") { continue }
                closers.removeLast()
            } else {
                _ = try scalar()
            }
            // Where it ends, and with it perhaps what it stands in.
            while let closer = closers.last, !take(",") {
                guard close(closer) else { throw .malformed }
                closers.removeLast()
            }
            if closers.last == "}" { try key() }
        } while !closers.isEmpty
        return source(from: start)
    }

    private mutating func key() throws(Fault) {
        _ = try string()
        guard take(":") else { throw .malformed }
    }

    private mutating func word(_ word: StaticString) throws(Fault) {
        let isThere = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isThere else { throw .malformed }
        position += word.utf8CodeUnitCount
    }

    private mutating func number() throws(Fault) -> String {
        let start = position
        skip("-")
        if !skip("0"), !skipDigits() { throw .malformed }
        if skip("."), !skipDigits() { throw .malformed }
        if skip("e") || skip("E") {
            if !skip("+") { skip("-") }
            guard skipDigits() else { throw .malformed }
        }
        let text = source(from: start)
        if isStrict, Double(text)?.isFinite != true { throw .hugeNumber }
        return text
    }

    @discardableResult
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        return position > start
    }

    // MARK: - Strings

    /// The next value, a string, with its escapes read.
    package mutating func string() throws(Fault) -> String {
        guard next() == UInt8(ascii: "\"") else { throw .malformed }
        position += 1
        var start = position
        // Only where there are escapes is anything put together.
        var units: [UInt16] = []
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let rest = source(from: start)
                position += 1
                return units.isEmpty ? rest : String(decoding: units + Array(rest.utf16), as: UTF16.self)
            case UInt8(ascii: "\\"):
                units += source(from: start).utf16
                try escape(into: &units)
                start = position
            case 0..<0x20: throw .malformed
            default: position += 1
            }
        }
        throw .malformed
    }

    /// What a backslash begins.
    private mutating func escape(into units: inout [UInt16]) throws(Fault) {
        let unit = try codeUnit()
        guard isStrict else { return units.append(unit == 0 ? 0xFFFD : unit) }
        units.append(unit)
        switch unit {
        case 0: throw .holdsNUL
        case 0xDC00...0xDFFF: throw .loneSurrogate
        case 0xD800...0xDBFF:
            guard bytes[position...].starts(with: "\\u".utf8) else { throw .loneSurrogate }
            let second = try codeUnit()
            guard (0xDC00...0xDFFF).contains(second) else { throw .loneSurrogate }
            units.append(second)
        default: break
        }
    }

    /// One UTF-16 unit, from its backslash on.
    private mutating func codeUnit() throws(Fault) -> UInt16 {
        guard position + 1 < bytes.count else { throw .malformed }
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(letter)
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: throw .malformed
        }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw .malformed
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
