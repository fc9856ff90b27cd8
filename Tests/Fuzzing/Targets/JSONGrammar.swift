/// Says whether a text is JSON, by RFC 8259 alone: the grammar, rule by rule, without a value. Written apart from `JSONReader`, to check it.
struct JSONGrammar {
    private var rest: ArraySlice<UInt8>
    private var levels: Int

    /// - Parameter deepest: how many levels of objects and arrays are followed.
    static func holds(_ bytes: [UInt8], deepest: Int) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var grammar = JSONGrammar(rest: bytes[...], levels: deepest)
        return grammar.element() && grammar.rest.isEmpty
    }

    /// element = ws value ws
    private mutating func element() -> Bool {
        blanks()
        guard value() else { return false }
        blanks()
        return true
    }

    private mutating func value() -> Bool {
        switch rest.first {
        case UInt8(ascii: "{"): levels > 0 && nested(closing: "}") { $0.member() }
        case UInt8(ascii: "["): levels > 0 && nested(closing: "]") { $0.element() }
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): take("true")
        case UInt8(ascii: "f"): take("false")
        case UInt8(ascii: "n"): take("null")
        default: number()
        }
    }

    /// What is in brackets: nothing, or items with commas between them.
    private mutating func nested(closing: String, _ item: (inout JSONGrammar) -> Bool) -> Bool {
        rest = rest.dropFirst()
        levels -= 1
        defer { levels += 1 }
        blanks()
        if take(closing) { return true }
        repeat {
            guard item(&self) else { return false }
        } while take(",")
        return take(closing)
    }

    /// member = ws string ws ":" element
    private mutating func member() -> Bool {
        blanks()
        guard string() else { return false }
        blanks()
        return take(":") && element()
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case 0..<0x20: return false
            case UInt8(ascii: "\\"):
                guard let letter = rest.popFirst(), "\"\\/bfnrtu".utf8.contains(letter) else { return false }
                guard letter == UInt8(ascii: "u") else { continue }
                let digits = rest.prefix(4)
                guard digits.count == 4, digits.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }) else {
                    return false
                }
                rest = rest.dropFirst(4)
            default: continue
            }
        }
        return false
    }

    /// number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ] [ "e" [ "+" / "-" ] 1*digit ]
    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0"), digits() == 0 { return false }
        if take("."), digits() == 0 { return false }
        guard take("e") || take("E") else { return true }
        _ = take("+") || take("-")
        return digits() > 0
    }

    private mutating func digits() -> Int {
        let digits = rest.prefix { (48...57).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits.count
    }

    private mutating func blanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }
}
