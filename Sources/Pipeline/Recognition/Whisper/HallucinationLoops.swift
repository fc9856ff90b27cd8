/// Removes what a model repeats when it is stuck: a word, a phrase or a sentence over and over.
///
/// People repeat themselves, too: "no" eight times, an announcement five times. So repetition alone is not a reason to remove anything; each
/// repetition is judged by itself. One that was said has enough time, and sound in that time. One that a stuck model adds has neither: its
/// times stand still, or lie where nobody speaks.
///
/// If neither sound nor speech is known, only the number of repetitions counts. A window's compression ratio says that something in its 30
/// seconds repeats itself, but not what. So the ratio alone is not a reason either; it only lowers the number of repetitions that make a loop.
struct HallucinationLoops {
    /// If a window's compression ratio is higher, it repeats itself.
    private static let suspicious = 2.4
    /// The maximum number of words in the sentence that is repeated.
    private static let longestUnit = 40
    /// Milliseconds. A longer pause between two repetitions is a person's, such as a listener's "yeah" every now and then.
    private static let longestPause: Int64 = 2000
    /// A letter takes at least this many milliseconds: nobody says more than 33 in a second.
    private static let shortestLetter: Int64 = 30
    /// A word takes at least this many milliseconds.
    private static let shortestWord: Int64 = 60
    /// This many milliseconds of sound are enough, however long the repetition seems: models stretch words over pauses.
    private static let enoughSound: Int64 = 200

    let evidence: SpeechEvidence

    /// Returns the segments without loops, and what was removed. If neither sound nor speech is known, one repetition of each loop stays.
    /// What nobody would call a loop always stays, such as "no, no, no" or a refrain sung twice.
    func removed(from segments: [WhisperSegment]) -> (kept: [WhisperSegment], removed: [Transcript.Removed]) {
        var segments = segments
        var removed: [Transcript.Removed] = []
        // Removing one loop may reveal a larger one around it.
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

    /// Returns for each word whether to remove it; nil if there is nothing to remove.
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

    /// Returns whether there was enough time to say these words, and sound or speech in that time.
    private func isSaid(_ words: ArraySlice<Word>) -> Bool {
        guard evidence.isKnown, let first = words.first, let last = words.last else { return false }
        let length = last.end - first.start
        let needed = max(Self.shortestWord, words.reduce(0) { $0 + Int64($1.letters) * Self.shortestLetter })
        // At least half of the words must have a duration.
        guard length >= needed, words.count(where: { $0.start < $0.end }) * 2 >= words.count else { return false }
        return evidence.speech(from: first.start, to: last.end) >= min(length / 2, max(needed, Self.enoughSound))
    }

    /// Returns the indices of a run's words that were not said. If no repetition was said, the first one stays.
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

    /// Returns how often a unit of `length` words must be repeated in a row to be a loop.
    private static func enough(_ run: ArraySlice<Word>, _ length: Int) -> Int {
        let ratios = run.map(\.ratio)
        let isSuspected = ratios.contains { $0 ?? .infinity > suspicious }
        // Numbers repeat digits, and a lost digit is worse than a doubled one.
        let isInnocent = !isSuspected || run.allSatisfy(\.isNumber)
        return length <= 3 ? (isInnocent ? 8 : 4) : (isInnocent ? 5 : 3)
    }

    /// Returns whether the words after the last whole repetition are the beginning of one more. Otherwise they may begin something else:
    /// "the house, the house, the garden".
    private static func isCutOff(_ words: [Word], _ run: Range<Int>) -> Bool {
        let beginsSentence =
            run.lowerBound == 0 || words[run.lowerBound].segment != words[run.lowerBound - 1].segment
            || words[run.lowerBound - 1].endsSentence
        return beginsSentence
            && (run.upperBound == words.count || words[run.upperBound].segment != words[run.upperBound - 1].segment)
    }

    private struct Word {
        /// Equal for words with the same letters.
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
    /// Whether the word repeats one to four letters, for longer than anybody laughs.
    fileprivate var isStutter: Bool {
        count >= 24 && (1...4).contains { length in (length..<count).allSatisfy { self[$0] == self[$0 - length] } }
    }
}

extension [WhisperSegment] {
    /// Removes the marked words, and segments that lose all their words. The marks count through all segments.
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
