/// Reads JSON text (RFC 8259) and returns its parts as they were written.
///
/// It keeps nothing of what it has read, and is not recursive, so deep nesting takes no stack. There are two kinds of text:
///
/// - Text that somebody sends is read strictly, by PostgreSQL's rules. So accepted text can be stored, returned as it was written, and read by
///   any client. Other parsers also accept a byte order mark, UTF-16, or halves of surrogate pairs.
/// - Text that is already stored may have been accepted under other rules. So any depth and any number is read, and U+FFFD replaces what is
///   not a character.
package struct JSONReader {
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        case tooDeep(levels: Int)
        /// `\u0000`, which PostgreSQL cannot store.
        case holdsNUL
        /// Half of a surrogate pair, such as `\ud800` alone, which is not a character.
        case loneSurrogate
        /// A number beyond 1.8e308. Most parsers store numbers as doubles and would reject the whole document.
        case hugeNumber
    }

    private let bytes: [UInt8]
    private let isStrict: Bool
    private let deepest: Int
    /// How many objects and arrays are open at this position.
    private var depth = 0
    package private(set) var position = 0

    /// Reads text that somebody sent. Throws ``Fault/malformed`` unless it is UTF-8.
    ///
    /// - Parameter deepest: how many levels of objects and arrays are allowed.
    package init(_ bytes: [UInt8], deepest: Int) throws(Fault) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .malformed }
        self.bytes = bytes
        self.deepest = deepest
        isStrict = true
    }

    /// Reads text that is already stored.
    package init(stored text: String) {
        bytes = Array(text.utf8)
        deepest = .max
        isStrict = false
    }

    // MARK: - Punctuation

    /// Returns the next byte that is not white space, without taking it; nil at the end.
    package mutating func next() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    /// Takes the next character if it is `character`. Returns whether it was.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Takes the bracket that opens an object or an array, if it comes next. Returns whether it did.
    package mutating func open(_ bracket: Unicode.Scalar) throws(Fault) -> Bool {
        guard next() == UInt8(ascii: bracket) else { return false }
        guard depth < deepest else { throw .tooDeep(levels: deepest) }
        depth += 1
        position += 1
        return true
    }

    /// Takes the bracket that closes the innermost object or array, if it comes next. Returns whether it did.
    package mutating func close(_ bracket: Unicode.Scalar) -> Bool {
        guard take(bracket) else { return false }
        depth -= 1
        return true
    }

    /// Throws unless only white space is left.
    package mutating func end() throws(Fault) {
        guard next() == nil else { throw .malformed }
    }

    // MARK: - Values

    /// A value and its text.
    package enum Value: Sendable, Equatable {
        case null
        case flag(Bool)
        /// The number as written, with all its digits.
        case number(String)
        /// The string without quotes and escapes.
        case string(String)
        /// The object as written.
        case object(String)
        /// The array as written.
        case array(String)
    }

    /// Reads the next value.
    package mutating func value() throws(Fault) -> Value {
        switch next() {
        case UInt8(ascii: "{"): return .object(try nested())
        case UInt8(ascii: "["): return .array(try nested())
        default: return try scalar()
        }
    }

    /// Reads the next value, which must be neither an object nor an array.
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

    /// Returns the text from `start` up to the current position, as it was written.
    package func source(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    /// Reads an object or array to its end. Returns it as it was written.
    private mutating func nested() throws(Fault) -> String {
        let start = position
        var closers: [Unicode.Scalar] = []
        repeat {
            // Here a value begins.
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
            // Here it ends, and perhaps the objects and arrays around it, too.
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

    /// Reads the next value, which must be a string. Returns it unescaped.
    package mutating func string() throws(Fault) -> String {
        guard next() == UInt8(ascii: "\"") else { throw .malformed }
        position += 1
        var start = position
        // Stays empty for a string without escapes.
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

    /// Reads an escape sequence.
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

    /// Reads the escape sequence of one UTF-16 unit, beginning at its backslash.
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
