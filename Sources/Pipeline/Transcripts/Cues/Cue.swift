/// One subtitle: a few lines by one speaker. Times are in milliseconds; the end is after the start.
struct Cue {
    let speaker: String?
    var start: Int64
    var end: Int64
    /// At least one, each with at least one fragment.
    let lines: [ArraySlice<CueFragment>]
    /// The text's width. A line break counts like the space that it replaces.
    let columns: Int

    /// When each fragment's word is said, line by line: within the cue, and never decreasing. Nil for what continues a word.
    var wordStarts: [[Int64?]] {
        var last = start
        return lines.map { line in
            line.map { fragment in
                if fragment.insideWord { return nil }
                last = min(max(fragment.start, last), end)
                return last
            }
        }
    }
}

extension ArraySlice<CueFragment> {
    /// The fragments as one line of text.
    var text: String {
        var text = ""
        for fragment in self {
            if fragment.spaced && !text.isEmpty { text.append(" ") }
            text.append(fragment.text)
        }
        return text
    }
}
