// Paragraphs: what one speaker says until another does. For the formats that people read.

/// What one speaker says in a row. Times in milliseconds; the text is on one line and never empty.
struct Paragraph {
    let speaker: String?
    let start: Int64
    private(set) var end: Int64
    private(set) var text: String

    fileprivate mutating func append(_ other: Paragraph, spaced: Bool?) {
        let bare = other.text.first.map { text.joinsWithoutSpace(before: $0, spaced: spaced) } ?? true
        text += bare ? other.text : " " + other.text
        end = max(end, other.end)
    }
}

extension String {
    /// Whether text of the next segment follows without a space: only in scripts that write none, for a lost
    /// space at a segment's border is likelier than a word that goes on there.
    /// - Parameter spaced: what the next segment's first word says; nil when it has no words.
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
    /// A text of one speaker gets a new paragraph at a pause of this length …
    private static let paragraphPause: Int64 = 2_000
    /// … once the paragraph has so many bytes.
    private static let paragraphLength = 500

    /// The turns in order of time. Where only one speaker is known, a turn also ends at a pause, once it is long.
    var paragraphs: [Paragraph] {
        var paragraphs: [Paragraph] = []
        for segment in segments {
            for (paragraph, spaced) in segment.paragraphs {
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
    /// The segment as one turn, or as several where its words name different speakers; with what the first word
    /// of each says about the space before.
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
