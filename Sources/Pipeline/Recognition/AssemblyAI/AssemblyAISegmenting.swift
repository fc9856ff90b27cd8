/// Splits words into readable segments: at pauses, at the ends of sentences, and where a segment would get too long.
enum AssemblyAISegmenting {
    /// Longest segment, in milliseconds. Only a single word may be longer.
    private static let longest: Int64 = 30_000
    /// The maximum number of words per segment: more than anybody says in that time. It limits the work on hostile times.
    private static let mostWords = 100
    /// A silence of this many milliseconds always ends a segment.
    private static let pause: Int64 = 1_000
    /// A sentence shorter than this many milliseconds stays in one segment with the next.
    private static let shortest: Int64 = 2_000

    /// - Parameter words: Words in order, without overlap.
    static func segments(of words: [Transcript.Word]) -> [Transcript.Segment] {
        var segments: [Transcript.Segment] = []
        var run: [Transcript.Word] = []
        for word in words {
            if isBreak(after: run, before: word) {
                segments.append(segment(of: run))
                run.removeAll()
            }
            while let first = run.first, run.count >= mostWords || word.end - first.start > longest {
                let cut = widestGap(in: run, before: word)
                segments.append(segment(of: Array(run[..<cut])))
                run.removeFirst(cut)
            }
            run.append(word)
        }
        if !run.isEmpty { segments.append(segment(of: run)) }
        return segments
    }

    private static func isBreak(after run: [Transcript.Word], before word: Transcript.Word) -> Bool {
        guard let first = run.first, let last = run.last else { return false }
        if word.start - last.end >= pause { return true }
        return last.end - first.start >= shortest && last.text.endsSentence && word.text.first?.isLowercase != true
    }

    /// Returns where to split a run that has become too long: at the widest gap in its second half, including the gap after its end.
    private static func widestGap(in run: [Transcript.Word], before word: Transcript.Word) -> Int {
        let candidates = max(1, run.count / 2)...run.count
        func gap(_ index: Int) -> Int64 { (index < run.count ? run[index] : word).start - run[index - 1].end }
        return candidates.max { gap($0) < gap($1) } ?? run.count
    }

    private static func segment(of words: [Transcript.Word]) -> Transcript.Segment {
        let known = words.compactMap(\.confidence)
        return Transcript.Segment(
            start: words.first?.start ?? 0, end: words.last?.end ?? 0, text: words.joinedText,
            confidence: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count), words: words)
    }
}

extension String {
    /// Whether the text ends a sentence. Closing quotation marks and brackets may follow.
    fileprivate var endsSentence: Bool {
        let closing: Set<Character> = ["\"", "'", "”", "’", "»", ")", "]", "」", "』", "）"]
        let ending: Set<Character> = [".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔", "።"]
        return reversed().first { !closing.contains($0) }.map(ending.contains) ?? false
    }
}
