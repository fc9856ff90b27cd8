/// A header field's value with parameters, as in `Content-Type` and `Content-Disposition`: `form-data; name="file"; filename="a b.mp3"`.
///
/// Nil if it doesn't parse, or if a parameter comes twice: two readers of the same bytes could understand it differently. Names are
/// lower-cased, values are as sent, without quotes and escapes.
package struct HeaderValue {
    package let value: String
    package let parameters: [String: String]

    package init?(_ text: String) { self.init(text, shown: nil) }

    /// - Parameter shown: the name of a parameter that is only shown to people, such as a file name. Errors in it are tolerated: if it comes
    ///   twice, the first one counts; if its quotes are wrong, its value is everything that follows, unless a parameter `name` is in it.
    package init?(_ text: String, shown: String?) {
        var rest = text.utf8[...]
        let head = rest.prefix { $0 != UInt8(ascii: ";") }
        value = Self.trimmed(head).lowercased()
        rest = rest[head.endIndex...]
        var parameters: [String: String] = [:]
        while rest.popFirst() != nil {
            rest = rest.drop(while: Self.isSpace)
            // A semicolon at the end, or two in a row, is harmless.
            if rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest[name.endIndex...]
            guard rest.popFirst() == UInt8(ascii: "=") else { return nil }
            let key = Self.trimmed(name).lowercased()
            let whole = rest
            var read = Self.parameterValue(&rest)
            if read == nil, key == shown {
                read = Self.remainder(whole)
                rest = rest[rest.endIndex...]
            }
            guard let value = read else { return nil }
            if key == shown, parameters[key] != nil { continue }
            guard !key.isEmpty, parameters.updateValue(value, forKey: key) == nil else { return nil }
        }
        self.parameters = parameters
    }

    /// Reads a token or a quoted string, and the white space after it. Only a semicolon or the end may follow.
    private static func parameterValue(_ rest: inout Substring.UTF8View) -> String? {
        rest = rest.drop(while: isSpace)
        guard rest.first == UInt8(ascii: "\"") else {
            let token = rest.prefix { $0 != UInt8(ascii: ";") }
            rest = rest[token.endIndex...]
            return trimmed(token)
        }
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                rest = rest.drop(while: isSpace)
                guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                // Old browsers send `C:\dir\name` unescaped: a backslash quotes only what needs it.
                if let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
                    bytes.append(next)
                    rest.removeFirst()
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// Returns all of the text, without the quotes around it. Nil if another reader could find a name in it.
    private static func remainder(_ text: Substring.UTF8View) -> String? {
        let pieces = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).dropFirst()
        for piece in pieces {
            let name = trimmed(piece.prefix { $0 != UInt8(ascii: "=") }).lowercased()
            guard name != "name", name != "name*" else { return nil }
        }
        var text = Substring(trimmed(text))
        if text.first == "\"" { text.removeFirst() }
        if text.last == "\"" { text.removeLast() }
        return String(text)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func trimmed(_ bytes: Substring.UTF8View) -> String {
        var bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
