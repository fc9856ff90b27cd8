/// Reads JSON strictly, as RFC 8259 has it and as PostgreSQL reads it, and keeps nothing of it.
///
/// Other readers take more (a byte order mark, UTF-16, halves of surrogate pairs). What passes here can be stored, given back as it was
/// written, and read by whoever gets it.
struct JSONCheck {
    enum Fault: Equatable {
        case malformed
        case tooDeep(levels: Int)
        /// `\u0000`, which no text in the database can hold.
        case holdsNUL
        /// `\ud800` alone, say: no character.
        case loneSurrogate
        /// Beyond 1.8e308: readers that keep numbers as doubles, which are most, would refuse the whole document.
        case hugeNumber
    }

    struct Refusal: Error, Equatable {
        let fault: Fault
        /// In which member of the outermost object, as it was written.
        let member: String?
    }

    private let bytes: [UInt8]
    private let deepest: Int
    private var position = 0
    private var member: Range<Int>?

    /// Throws unless `bytes` are one object in UTF-8, in which no value lies deeper than `deepest` levels.
    static func requireObject(_ bytes: [UInt8], deepest: Int) throws(Refusal) {
        var check = JSONCheck(bytes: bytes, deepest: deepest)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw check.refusal(.malformed) }
        guard check.next() == UInt8(ascii: "{") else { throw check.refusal(.malformed) }
        try check.value(depth: 0)
        check.member = nil
        guard check.next() == nil else { throw check.refusal(.malformed) }
    }

    private init(bytes: [UInt8], deepest: Int) {
        self.bytes = bytes
        self.deepest = deepest
    }

    private func refusal(_ fault: Fault) -> Refusal {
        Refusal(fault: fault, member: member.map { String(decoding: bytes[$0], as: UTF8.self) })
    }

    /// The next byte that is no white space, without taking it.
    private mutating func next() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Refusal) {
        switch next() {
        case UInt8(ascii: "{"): try object(depth: depth)
        case UInt8(ascii: "["): try array(depth: depth)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func object(depth: Int) throws(Refusal) {
        guard depth < deepest else { throw refusal(.tooDeep(levels: deepest)) }
        position += 1
        if take("}") { return }
        repeat {
            if depth == 0 { member = nil }
            guard next() == UInt8(ascii: "\"") else { throw refusal(.malformed) }
            let start = position + 1
            try string()
            if depth == 0 { member = start..<(position - 1) }
            guard take(":") else { throw refusal(.malformed) }
            try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw refusal(.malformed) }
    }

    private mutating func array(depth: Int) throws(Refusal) {
        guard depth < deepest else { throw refusal(.tooDeep(levels: deepest)) }
        position += 1
        if take("]") { return }
        repeat { try value(depth: depth + 1) } while take(",")
        guard take("]") else { throw refusal(.malformed) }
    }

    /// A string, at its first quote.
    private mutating func string() throws(Refusal) {
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw refusal(.malformed)
            default: break
            }
        }
        throw refusal(.malformed)
    }

    /// What stands behind a backslash.
    private mutating func escape() throws(Refusal) {
        guard position < bytes.count else { throw refusal(.malformed) }
        let byte = bytes[position]
        position += 1
        guard byte == UInt8(ascii: "u") else {
            guard "\"\\/bfnrt".utf8.contains(byte) else { throw refusal(.malformed) }
            return
        }
        switch try codeUnit() {
        case 0: throw refusal(.holdsNUL)
        case 0xDC00...0xDFFF: throw refusal(.loneSurrogate)
        case 0xD800...0xDBFF:
            guard bytes[position...].starts(with: "\\u".utf8) else { throw refusal(.loneSurrogate) }
            position += 2
            guard (0xDC00...0xDFFF).contains(try codeUnit()) else { throw refusal(.loneSurrogate) }
        default: break
        }
    }

    private mutating func codeUnit() throws(Refusal) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw refusal(.malformed)
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func word(_ word: StaticString) throws(Refusal) {
        let isThere = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isThere else { throw refusal(.malformed) }
        position += word.utf8CodeUnitCount
    }

    /// With as many digits as it has: whoever reads it decides how many of them count.
    private mutating func number() throws(Refusal) {
        let start = position
        skip("-")
        if !skip("0"), !skipDigits() { throw refusal(.malformed) }
        if skip("."), !skipDigits() { throw refusal(.malformed) }
        if skip("e") || skip("E") {
            if !skip("+") { skip("-") }
            guard skipDigits() else { throw refusal(.malformed) }
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            throw refusal(.hugeNumber)
        }
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
}

extension APIError {
    /// 400 for what cannot be kept of `field`; nil for what is no JSON at all.
    init?(_ fault: JSONCheck.Fault, field: String?) {
        let subject = field.map { "'\($0.prefix(64))'" } ?? "The body"
        let message: String
        switch fault {
        case .malformed: return nil
        case .tooDeep(let levels): message = "\(subject) is nested too deep: at most \(levels) levels are read."
        case .holdsNUL: message = "\(subject) must not hold the character NUL (\\u0000)."
        case .hugeNumber: message = "\(subject) holds a number beyond the range of a double (1.8e308)."
        case .loneSurrogate:
            message =
                "\(subject) holds half of a surrogate pair (one of \\ud800 to \\udfff alone), which is no character."
        }
        self = .invalidRequest(message, field: field.map { String($0.prefix(64)) })
    }
}
