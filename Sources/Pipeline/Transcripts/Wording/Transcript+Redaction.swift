// Masks what a customer wants nobody to read: what `redact` of a job names.

extension Transcript {
    /// Returns the transcript with everything masked that ``redact`` names, in the words and in the text of each segment. What is masked already stays.
    ///
    /// A number may begin in one segment and end in another, also of another speaker. Its mask stands in the first one; in the others nothing remains of
    /// it, so a segment may become empty.
    func masked() -> Transcript {
        guard let kinds = redact, !kinds.isEmpty else { return self }
        let redactor = Redactor(kinds: Set(kinds), language: isMixed ? nil : language)
        var result = self
        // A recognizer that returns no words returns the text, whose parts are looked at in the same way.
        let bare = segments.indices.filter { segments[$0].words.isEmpty }
        for index in bare { result.segments[index].words = segments[index].textAsWords }
        let places = result.wordPlaces
        let findings = redactor.findings(in: places.map { result.segments[$0.segment].words[$0.word].text })
        var changed: Set<Int> = []
        for finding in findings {
            let first = places[finding.words.lowerBound]
            for place in finding.words {
                let (segment, word) = places[place]
                let end = result.segments[segment].words[word].end
                changed.insert(segment)
                result.segments[segment].words[word].text = ""
                if segment == first.segment {
                    let longest = max(result.segments[segment].words[first.word].end, end)
                    result.segments[segment].words[first.word].end = longest
                }
            }
            result.segments[first.segment].words[first.word].text = finding.replacement
        }
        for index in changed {
            result.segments[index].words.removeAll(where: \.text.isEmpty)
            result.segments[index].text = result.segments[index].words.joinedText
        }
        for index in bare { result.segments[index].words = [] }
        // Some recognizers write the text of a segment in another way than its words.
        for index in result.segments.indices where !changed.contains(index) {
            result.segments[index].maskText(by: redactor)
        }
        return result
    }

    /// How many things of each kind are masked, in the order of ``redact``; nil if nothing was to be masked.
    var maskCounts: [(kind: RedactionKind, count: Int)]? {
        redact?.map { kind in
            let counts = segments.map { segment in
                let texts = segment.words.isEmpty ? segment.text.unbrokenParts : segment.words.map(\.text)
                return texts.count { $0.contains(kind.mask) }
            }
            return (kind, counts.reduce(0, +))
        }
    }

    /// Whether the recording changes between languages.
    private var isMixed: Bool { segments.contains { $0.language != nil } }

    /// The places of all words, in the order of their times.
    private var wordPlaces: [(segment: Int, word: Int)] {
        let places = segments.indices.flatMap { segment in
            segments[segment].words.indices.map {
                (segment: segment, word: $0, start: segments[segment].words[$0].start)
            }
        }
        // Swift's sort is stable, so words of one time keep their order.
        return places.sorted { $0.start < $1.start }.map { ($0.segment, $0.word) }
    }
}

extension Transcript.Segment {
    fileprivate var textAsWords: [Transcript.Word] {
        text.unbrokenParts.map { Transcript.Word(text: $0, start: start, end: end) }
    }

    fileprivate mutating func maskText(by redactor: Redactor) {
        guard text.onOneLine != words.joinedText else { return }
        let parts = text.unbrokenParts
        let findings = redactor.findings(in: parts)
        if findings.isEmpty { return }
        text = Redactor.masked(parts, findings).filter { !$0.isEmpty }.joined(separator: " ")
    }
}
