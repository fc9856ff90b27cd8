/// The headers of one part of a form: its name, and the file's name where it has one.
package struct MultipartPart: Equatable, Sendable {
    package let name: String
    /// As sent, decoded: never to be used as a path.
    package let filename: String?

    /// Reads a part's header block: CRLF between lines, none at the end.
    init(headerBlock: [UInt8]) throws(MultipartError) {
        guard let text = String(validating: headerBlock, as: UTF8.self) else { throw .malformedHeaders }
        var disposition: HeaderValue?
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            // A folded line, a stray CR or LF and a control character have no place in RFC 7578.
            guard let colon = line.firstIndex(of: ":"), line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }),
                let first = line.utf8.first, first != 0x20, first != 0x09
            else { throw .malformedHeaders }
            let value = String(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                guard disposition == nil, let parsed = HeaderValue(value) else { throw .malformedHeaders }
                disposition = parsed
            case "content-transfer-encoding":
                let encoding = HeaderValue(value)?.value ?? ""
                guard ["binary", "8bit", "7bit"].contains(encoding) else { throw .encodedPart }
            default: break
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition.parameters["name"],
            !name.isEmpty
        else { throw .noName }
        self.name = Self.unescaped(name)
        let extended = disposition.parameters["filename*"].flatMap(Self.extendedValue)
        filename = extended ?? disposition.parameters["filename"].map(Self.unescaped)
    }

    /// Browsers send a quote and line ends in names as `%22`, `%0D` and `%0A`, and nothing else encoded.
    private static func unescaped(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "%")) else { return name }
        var result: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = hexByte(rest.prefix(2)), [0x22, 0x0D, 0x0A].contains(code) {
                result.append(code)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// RFC 5987: `UTF-8'en'na%C3%AFve.mp3`, or ISO-8859-1 in the same form. Nil for anything else.
    private static func extendedValue(_ text: String) -> String? {
        let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3 else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(pieces[2].utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let code = hexByte(rest.prefix(2)) else { return nil }
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        switch pieces[0].lowercased() {
        case "utf-8": return String(validating: bytes, as: UTF8.self)
        case "iso-8859-1": return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }

    private static func hexByte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
