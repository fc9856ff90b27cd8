// Markdown (.md) as CommonMark and GitHub read it: title, facts, and paragraphs that begin with speaker and time.
//
// Recognized text is never at the start of a line, and what could be markup inside of a line has a backslash before it. So it is shown as written.

extension Transcript {
    /// - Parameters:
    ///   - title: The recording's name, for the heading.
    ///   - isNaming: Whether paragraphs begin with their speaker.
    func markdown(title: String?, namingSpeakers isNaming: Bool) -> [UInt8] {
        let name = title?.onOneLine ?? ""
        var bytes = Array("# ".utf8)
        appendMarkdown(name.isEmpty ? "Transcript" : name, to: &bytes)
        bytes.append(contentsOf: "\n\n".utf8)
        for fact in facts {
            bytes.append(contentsOf: "- \(fact.label): ".utf8)
            appendMarkdown(fact.value, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        let paragraphs = paragraphs
        for paragraph in paragraphs {
            bytes.append(UInt8(ascii: "\n"))
            if isNaming, let voice = paragraph.speaker?.onOneLine, !voice.isEmpty {
                bytes.append(contentsOf: "**".utf8)
                appendMarkdown(voice, to: &bytes)
                // With a space on either side, these could not be taken for anything but the end of bold text.
                bytes.append(contentsOf: "** ".utf8)
            }
            bytes.append(contentsOf: "(\(ClockTime(milliseconds: paragraph.start).text)) ".utf8)
            appendMarkdown(paragraph.text, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        if paragraphs.isEmpty { bytes.append(contentsOf: "\nNo words were recognized.\n".utf8) }
        return bytes
    }
}

/// Writes the line with a backslash before whatever could be markup, a link ("https://", "www.", "a@example.com") or, on GitHub, a picture (":heart:") or
/// a formula ("$x$").
private func appendMarkdown(_ line: String, to bytes: inout [UInt8]) {
    let line = Array(line.utf8)
    for (index, byte) in line.enumerated() {
        let before = index > 0 ? line[index - 1] : nil
        let after = index + 1 < line.count ? line[index + 1] : nil
        let isMarkup =
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "*"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "<"), UInt8(ascii: "~"), UInt8(ascii: "$"), UInt8(ascii: "@"):
                true
            // Within a word it is itself: "speaker_0".
            case UInt8(ascii: "_"): !(isAlphanumeric(before) && isAlphanumeric(after))
            case UInt8(ascii: "&"): isAlphanumeric(after) || after == UInt8(ascii: "#")
            // At the end of a heading.
            case UInt8(ascii: "#"): after == nil || after == UInt8(ascii: "#")
            case UInt8(ascii: ":"): after != nil && after != UInt8(ascii: " ") && !(isDigit(before) && isDigit(after))
            case UInt8(ascii: "."): line[..<index].suffix(3).elementsEqual("www".utf8) { $0 | 0x20 == $1 }
            default: false
            }
        if isMarkup { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
    }
}

private func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
}

private func isAlphanumeric(_ byte: UInt8?) -> Bool {
    isDigit(byte) || byte.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) } ?? false
}
