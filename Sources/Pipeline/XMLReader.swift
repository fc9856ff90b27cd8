/// Reads a stranger's XML from front to back: elements, attributes, text.
///
/// It supports no external entities, no definitions and no encoding but UTF-8. It keeps only its position and never goes back, so time and
/// memory depend only on the length of the text. Malformed text ends it early.
struct XMLReader {
    enum Event: Equatable {
        case start(name: String, attributes: [String: String])
        case end(name: String)
        case text(String)
    }

    private let longestText: Int
    private static let mostAttributes = 64

    private var rest: ArraySlice<UInt8>
    /// The name of an element that opened and closed in one tag.
    private var pendingEnd: String?

    /// - Parameter longestText: how many bytes of a text are kept.
    init(_ bytes: [UInt8], longestText: Int = 2048) {
        rest = bytes[...]
        self.longestText = longestText
    }

    /// Returns the next event; nil at the end.
    mutating func next() -> Event? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name: name)
        }
        while let first = rest.first {
            guard first == UInt8(ascii: "<") else { return .text(readText()) }
            if rest.starts(with: "<!--".utf8) {
                guard skip(past: "-->") else { return nil }
            } else if rest.starts(with: "<![CDATA[".utf8) {
                let start = rest.dropFirst(9)
                guard skip(past: "]]>") else { return nil }
                return .text(Self.string(start[..<(rest.startIndex - 3)].prefix(longestText)))
            } else if rest.starts(with: "<?".utf8) {
                guard skip(past: "?>") else { return nil }
            } else if rest.starts(with: "<!".utf8) {
                guard skipDeclaration() else { return nil }
            } else {
                return readTag()
            }
        }
        return nil
    }

    private mutating func readText() -> String {
        let text = rest.prefix { $0 != UInt8(ascii: "<") }
        rest = rest[text.endIndex...]
        return Self.unescaped(Self.string(text.prefix(longestText)))
    }

    private mutating func readTag() -> Event? {
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "/") {
            rest = rest.dropFirst()
            let name = readName()
            return skip(past: ">") ? .end(name: name) : nil
        }
        let name = readName()
        guard !name.isEmpty else { return nil }
        var attributes: [String: String] = [:]
        while true {
            skipBlanks()
            switch rest.first {
            case UInt8(ascii: ">"):
                rest = rest.dropFirst()
                return .start(name: name, attributes: attributes)
            case UInt8(ascii: "/"):
                guard skip(past: ">") else { return nil }
                pendingEnd = name
                return .start(name: name, attributes: attributes)
            case nil: return nil
            default:
                guard attributes.count < Self.mostAttributes, let (key, value) = readAttribute() else { return nil }
                attributes[key] = value
            }
        }
    }

    private mutating func readAttribute() -> (String, String)? {
        let name = readName()
        skipBlanks()
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
        skipBlanks()
        guard let quote = rest.popFirst(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let value = rest.prefix { $0 != quote }
        rest = rest[value.endIndex...].dropFirst()
        return (name, Self.unescaped(Self.string(value.prefix(longestText))))
    }

    private mutating func readName() -> String {
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "\""),
                UInt8(ascii: "'"):
                false
            default: !Self.isBlank(byte)
            }
        }
        rest = rest[name.endIndex...]
        return Self.string(name.prefix(256))
    }

    private mutating func skipBlanks() { rest = rest.drop(while: Self.isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private mutating func skip(past mark: String) -> Bool {
        let mark = Array(mark.utf8)
        var place = rest.startIndex
        while let found = rest[place...].firstIndex(of: mark[0]) {
            if rest[found...].starts(with: mark) {
                rest = rest[(found + mark.count)...]
                return true
            }
            place = found + 1
        }
        rest = []
        return false
    }

    /// Skips a document type with all its declarations.
    private mutating func skipDeclaration() -> Bool {
        var depth = 0
        for (index, byte) in zip(rest.indices, rest) {
            switch byte {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ">") where depth <= 0:
                rest = rest[(index + 1)...]
                return true
            default: break
            }
        }
        rest = []
        return false
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    /// Replaces XML's five predefined entities, and characters by number. Other entities stay as they are.
    private static func unescaped(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var plain = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            plain += rest[..<start]
            let reference = rest[start...].dropFirst().prefix(12)
            guard let end = reference.firstIndex(of: ";"), let character = character(reference[..<end]) else {
                plain.append("&")
                rest = rest[rest.index(after: start)...]
                continue
            }
            plain += character
            rest = rest[rest.index(after: end)...]
        }
        return plain + rest
    }

    private static func character(_ name: Substring) -> String? {
        guard name.hasPrefix("#") else { return named[String(name)] }
        let digits = name.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String($0) }
    }
}
