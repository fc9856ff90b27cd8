// What a model says when it is stuck: a word, a phrase or a sentence over and over.
//
// People repeat themselves, too: "no" eight times, an announcement five times. Repetition alone condemns nothing. What tells the two apart
// is what lies behind each repetition: one that was said has time in which it can be said, and sound in that time; what a model adds when it
// is stuck has neither, for its times stand still, or go on where nobody speaks. So each repetition is judged by itself.
//
// Where neither sound nor speech is known, there is nothing to judge by but the number of repetitions. A window's compression ratio tells
// that something in its 30 seconds repeats itself, not what. So the ratio alone condemns nothing either; it only lowers the number of
// repetitions that are looked at.

struct HallucinationLoops {
    /// Over this, a window repeats itself.
    private static let suspicious = 2.4
    /// Words of the longest sentence that is looked for.
    private static let longestUnit = 40
    /// Milliseconds. A pause longer than this between two repetitions is a speaker's: a listener's "yeah" every now and then.
    private static let longestPause: Int64 = 2000
    /// Milliseconds that a letter takes at least: nobody says thirty-three in a second.
    private static let shortestLetter: Int64 = 30
    /// Milliseconds that anything takes that is said.
    private static let shortestWord: Int64 = 60
    /// Milliseconds of sound that are enough, however long the repetition is said to be: models stretch words over pauses.
    private static let enoughSound: Int64 = 200

    let evidence: SpeechEvidence

    /// The segments without what was not said, and what that was. Where nothing is known, each loop is said once. What nobody would call a
    /// loop, such as "no, no, no" or a refrain sung twice, stays in any case.
    func removed(from segments: [WhisperSegment]) -> (kept: [WhisperSegment], removed: [Transcript.Removed]) {
        var segments = segments
        var removed: [Transcript.Removed] = []
        // Taking out one loop may uncover a larger one around it.
        while let isRemoved = marks(of: segments) {
            let words = segments.flatMap(\.words)
            var first = 0
            while first < words.count {
                let next = isRemoved[first...].firstIndex { $0 != isRemoved[first] } ?? words.count
                if isRemoved[first] { removed.count(Array(words[first..<next]), .repetition) }
                first = next
            }
            segments = segments.without(isRemoved)
        }
        return (segments, removed)
    }

    /// Which words to take out; nil when there are none.
    private func marks(of segments: [WhisperSegment]) -> [Bool]? {
        let words = Self.numbered(segments)
        var isRemoved = words.map { $0.isStutter && !isSaid([$0]) }
        for length in 1...Self.longestUnit {
            var start = 0
            while start + length < words.count {
                var end = start + length
                while end < words.count, words[end].continues(words[end - 1]), words[end].id == words[end - length].id {
                    end += 1
                }
                if (end - start) / length >= Self.enough(words[start..<end], length) {
                    for index in unsaid(words, start..<end, length) { isRemoved[index] = true }
                }
                // The next run of this length cannot begin earlier than that.
                start = max(start + 1, end - length + 1)
            }
            if isRemoved.contains(true) { break }
        }
        return isRemoved.contains(true) ? isRemoved : nil
    }

    /// Whether there is time in which these words can be said, and sound or speech in that time.
    private func isSaid(_ words: ArraySlice<Word>) -> Bool {
        guard evidence.isKnown, let first = words.first, let last = words.last else { return false }
        let length = last.end - first.start
        let needed = max(Self.shortestWord, words.reduce(0) { $0 + Int64($1.letters) * Self.shortestLetter })
        // Half of its words at least have a time of their own.
        guard length >= needed, words.count(where: { $0.start < $0.end }) * 2 >= words.count else { return false }
        return evidence.speech(from: first.start, to: last.end) >= min(length / 2, max(needed, Self.enoughSound))
    }

    /// Which of a run's words were not said. Of a loop that was never said, the first repetition stays.
    private func unsaid(_ words: [Word], _ run: Range<Int>, _ length: Int) -> [Int] {
        let whole = run.count / length
        let isSaid = (0..<whole).map {
            self.isSaid(words[(run.lowerBound + $0 * length)..<(run.lowerBound + ($0 + 1) * length)])
        }
        let first = isSaid.firstIndex(of: true) ?? 0
        var unsaid: [Int] = []
        for index in 0..<whole where !isSaid[index] && index != first {
            unsaid += (run.lowerBound + index * length)..<(run.lowerBound + (index + 1) * length)
        }
        let rest = (run.lowerBound + whole * length)..<run.upperBound
        if !rest.isEmpty, Self.isCutOff(words, run), !self.isSaid(words[rest]) { unsaid += rest }
        return unsaid
    }

    /// How often a unit of so many words must be said in a row to be a loop.
    private static func enough(_ run: ArraySlice<Word>, _ length: Int) -> Int {
        let ratios = run.map(\.ratio)
        let isSuspected = ratios.contains { $0 ?? .infinity > suspicious }
        // Digits are repeated in numbers, and losing one costs more than a doubled one.
        let isInnocent = !isSuspected || run.allSatisfy(\.isNumber)
        return length <= 3 ? (isInnocent ? 8 : 4) : (isInnocent ? 5 : 3)
    }

    /// Whether what a run has beyond whole repetitions is the beginning of one more. Else it may begin something else: "the house, the
    /// house, the garden".
    private static func isCutOff(_ words: [Word], _ run: Range<Int>) -> Bool {
        let beginsSentence =
            run.lowerBound == 0 || words[run.lowerBound].segment != words[run.lowerBound - 1].segment
            || words[run.lowerBound - 1].endsSentence
        return beginsSentence
            && (run.upperBound == words.count || words[run.upperBound].segment != words[run.upperBound - 1].segment)
    }

    private struct Word {
        /// The same for words with the same letters.
        let id: Int
        let letters: Int
        let segment: Int
        let start, end: Int64
        let ratio: Double?
        let isNumber, isStutter, endsSentence: Bool

        func continues(_ previous: Word) -> Bool { start - previous.end <= HallucinationLoops.longestPause }
    }

    private static func numbered(_ segments: [WhisperSegment]) -> [Word] {
        var ids: [[Unicode.Scalar]: Int] = [:]
        return segments.enumerated().flatMap { index, segment in
            segment.words.map { word in
                let letters = WhisperText.letters(of: word.text)
                let id = ids[letters, default: ids.count]
                ids[letters] = id
                return Word(
                    id: id, letters: letters.count, segment: index, start: word.start, end: word.end,
                    ratio: segment.compressionRatio,
                    isNumber: letters.allSatisfy { $0.properties.numericType != nil }, isStutter: letters.isStutter,
                    endsSentence: word.text.last.map(".!?…。！？".contains) == true)
            }
        }
    }
}

extension [Unicode.Scalar] {
    /// One to four letters over and over within one word, longer than anybody laughs.
    fileprivate var isStutter: Bool {
        count >= 24 && (1...4).contains { length in (length..<count).allSatisfy { self[$0] == self[$0 - length] } }
    }
}

extension [WhisperSegment] {
    /// Without the words marked, counted through all segments; segments that lose all are gone.
    fileprivate func without(_ isRemoved: [Bool]) -> [WhisperSegment] {
        var first = 0
        return compactMap { segment in
            let marks = isRemoved[first..<first + segment.words.count]
            first += segment.words.count
            guard marks.contains(true) else { return segment }
            var shorter = segment
            shorter.words = zip(segment.words, marks).filter { !$1 }.map(\.0)
            guard let start = shorter.words.first?.start, let end = shorter.words.last?.end else { return nil }
            (shorter.start, shorter.end) = (start, end)
            return shorter
        }
    }
}
