/// What one speaker says in a row, for the formats that people read. Times are in milliseconds; the text is one line and never empty.
struct Paragraph {
    let speaker: String?
    let start: Int64
    private(set) var end: Int64
    private(set) var text: String
    /// The places of the segments that it is from, in the order of the transcript. A segment in which the speaker changes is in several paragraphs.
    fileprivate(set) var segments = 0...0

    fileprivate mutating func append(_ other: Paragraph, spaced: Bool?) {
        let bare = other.text.first.map { text.joinsWithoutSpace(before: $0, spaced: spaced) } ?? true
        text += bare ? other.text : " " + other.text
        end = max(end, other.end)
        segments = segments.lowerBound...other.segments.upperBound
    }
}

extension String {
    /// Returns whether the next segment's text follows without a space. That happens only in scripts without spaces: at the border of two
    /// segments, a lost space is more likely than a word that continues.
    ///
    /// - Parameter spaced: `spaced` of the next segment's first word; nil if it has no words.
    func joinsWithoutSpace(before next: Character, spaced: Bool?) -> Bool {
        guard let last else { return true }
        switch spaced {
        case true: return false
        case false: return last.isWrittenWithoutSpaces || next.isWrittenWithoutSpaces
        default: return last.isWrittenWithoutSpaces && next.isWrittenWithoutSpaces
        }
    }
}

extension Transcript {
    /// If there is only one speaker, a pause of this many milliseconds ends a paragraph …
    private static let paragraphPause: Int64 = 2_000
    /// … that has at least this many bytes.
    private static let paragraphLength = 500

    /// The paragraphs in the order of the segments. If at most one speaker is known, a long paragraph also ends at a pause.
    var paragraphs: [Paragraph] {
        var paragraphs: [Paragraph] = []
        for (index, segment) in segments.enumerated() {
            for (var paragraph, spaced) in segment.paragraphs {
                paragraph.segments = index...index
                guard let last = paragraphs.last, last.speaker == paragraph.speaker else {
                    paragraphs.append(paragraph)
                    continue
                }
                let pause = paragraph.start - last.end
                if speakers.count <= 1, pause >= Self.paragraphPause, last.text.utf8.count >= Self.paragraphLength {
                    paragraphs.append(paragraph)
                } else {
                    paragraphs[paragraphs.count - 1].append(paragraph, spaced: spaced)
                }
            }
        }
        return paragraphs
    }
}

extension Transcript.Segment {
    /// The segment as one paragraph, or as several if its words have different speakers; each with `spaced` of its first word.
    fileprivate var paragraphs: [(paragraph: Paragraph, spaced: Bool?)] {
        let speakers = words.lazy.map { $0.speaker ?? speaker }
        let first = speakers.first ?? speaker
        if speakers.allSatisfy({ $0 == first }) {
            let line = text.onOneLine
            let shown = line.isEmpty ? words.joinedText : line
            if shown.isEmpty { return [] }
            return [(Paragraph(speaker: first, start: start, end: end, text: shown), words.first?.spaced)]
        }
        var paragraphs: [(Paragraph, Bool?)] = []
        var rest = words[...]
        while let head = rest.first {
            let voice = head.speaker ?? speaker
            let run = rest.prefix { ($0.speaker ?? speaker) == voice }
            let line = run.joinedText
            if !line.isEmpty {
                let end = run.last?.end ?? head.end
                paragraphs.append((Paragraph(speaker: voice, start: head.start, end: end, text: line), head.spaced))
            }
            rest = rest.dropFirst(run.count)
        }
        return paragraphs
    }
}
