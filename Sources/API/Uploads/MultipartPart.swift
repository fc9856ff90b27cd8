/// The headers of one part of a form: its name, and the file's name if it has one.
package struct MultipartPart: Equatable, Sendable {
    package let name: String
    /// As sent, decoded: never to be used as a path.
    package let filename: String?

    /// Reads a part's header block: CRLF between lines, none at the end.
    init(headerBlock: [UInt8]) throws(MultipartError) {
        var disposition: HeaderValue?
        for line in Self.lines(headerBlock) {
            // A folded line, a stray CR or LF and a control character have no place in RFC 7578.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }),
                let first = line.first, first != 0x20, first != 0x09
            else { throw .malformedHeaders }
            // One character for each byte: file names may be in any encoding, and everything that matters here is ASCII.
            let value = Self.text(line[line.index(after: colon)...])
            switch Self.text(line[..<colon]).lowercased() {
            case "content-disposition":
                guard disposition == nil, let parsed = HeaderValue(value, shown: "filename") else {
                    throw .malformedHeaders
                }
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
        guard let name = String(validating: Self.unescaped(name), as: UTF8.self) else { throw .malformedHeaders }
        self.name = name
        let extended = disposition.parameters["filename*"]
        filename =
            extended.flatMap(Self.extendedValue)
            ?? disposition.parameters["filename"].map { UnknownEncodingText.decoded(Self.unescaped($0)) }
            ?? extended.map(Self.extendedText)
    }

    private static func lines(_ block: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for at in block.indices where at >= start && block[at] == 0x0D && at + 1 < block.count && block[at + 1] == 0x0A
        {
            lines.append(block[start..<at])
            start = at + 2
        }
        return lines + [block[start...]]
    }

    /// Returns one character for each byte.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    /// Returns the bytes of a text with one character for each byte.
    private static func bytes(_ text: some StringProtocol) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// Browsers send a quote and line ends in names as `%22`, `%0D` and `%0A`, and nothing else encoded.
    private static func unescaped(_ name: String) -> [UInt8] { decoded(name, only: [0x22, 0x0D, 0x0A]) ?? bytes(name) }

    /// RFC 5987: `UTF-8'en'na%C3%AFve.mp3`, or ISO-8859-1 in the same form. Nil for anything else.
    private static func extendedValue(_ text: String) -> String? {
        let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, let bytes = decoded(pieces[2]) else { return nil }
        switch pieces[0].lowercased() {
        case "utf-8": return String(validating: bytes, as: UTF8.self)
        case "iso-8859-1", "windows-1252": return UnknownEncodingText.windows1252(bytes)
        default: return nil
        }
    }

    /// Returns a text to show for a value of another form, or in another encoding.
    private static func extendedText(_ text: String) -> String {
        let last = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        return UnknownEncodingText.decoded(decoded(last) ?? bytes(last))
    }

    /// Decodes percent escapes. Returns nil if one of them is broken. With `only`, it decodes just those bytes and leaves everything else
    /// as it is.
    private static func decoded(_ text: some StringProtocol, only: Set<UInt8>? = nil) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes(text)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            let code = hexByte(rest.prefix(2))
            if let code, only?.contains(code) ?? true {
                result.append(code)
                rest = rest.dropFirst(2)
            } else if only != nil {
                result.append(byte)
            } else {
                return nil
            }
        }
        return result
    }

    private static func hexByte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
