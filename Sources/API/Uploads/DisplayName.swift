/// A file name as a stranger gave it, made safe to show: the last path component, without control characters and
/// without those that turn the direction of text, at most 255 bytes of UTF-8, never empty.
struct DisplayName {
    let text: String

    init(_ name: String?) {
        let last = (name ?? "").split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let scalars = last.unicodeScalars.filter { !Self.isUnfit($0) }
        var text = String(String.UnicodeScalarView(scalars))
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        if text.utf8.count > 255 {
            // Whole characters only: half an emoji is worse than one less.
            var kept = ""
            var bytes = 0
            for character in text {
                bytes += character.utf8.count
                if bytes > 255 { break }
                kept.append(character)
            }
            text = kept
        }
        self.text = ["", ".", ".."].contains(text) ? "upload" : text
    }

    private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return true
        default: break
        }
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFEFF: return true
        default: return false
        }
    }
}
