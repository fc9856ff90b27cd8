// What a model says when it is stuck: a word, a phrase or a sentence over and over.
//
// A window's compression ratio tells that something in its 30 seconds repeats itself, not what. So the ratio alone condemns nothing; it
// only lowers the number of repetitions at which what is really said again and again counts as a loop.

enum HallucinationLoops {
    /// Over this, a window repeats itself.
    private static let suspicious = 2.4
    /// Words of the longest sentence that is looked for.
    private static let longestUnit = 40
    /// Milliseconds. A pause longer than this between two repetitions is a speaker's: a listener's "yeah" every now and then.
    private static let longestPause: Int64 = 2000

    /// The segments with each loop said once. What nobody would call one, such as "no, no, no" or a refrain sung twice, stays.
    static func removed(from segments: [WhisperSegment]) -> [WhisperSegment] {
        var segments = segments
        // Taking out one loop may uncover a larger one around it.
        while let shorter = removedOnce(from: segments) { segments = shorter }
        return segments
    }

    /// Nil when there is no loop.
    private static func removedOnce(from segments: [WhisperSegment]) -> [WhisperSegment]? {
        let words = numbered(segments)
        var isRemoved = words.map(\.isStutter)
        for length in 1...longestUnit {
            var start = 0
            while start + length < words.count {
                var end = start + length
                while end < words.count, words[end].continues(words[end - 1]), words[end].id == words[end - length].id {
                    end += 1
                }
                if (end - start) / length >= enough(words[start..<end], length) {
                    for index in (start + kept(words, start..<end, length))..<end { isRemoved[index] = true }
                }
                // The next run of this length cannot begin earlier than that.
                start = max(start + 1, end - length + 1)
            }
            if isRemoved.contains(true) { break }
        }
        return isRemoved.contains(true) ? segments.without(isRemoved) : nil
    }

    /// How often a unit of so many words must be said in a row to be a loop.
    private static func enough(_ run: ArraySlice<Word>, _ length: Int) -> Int {
        let ratios = run.map(\.ratio)
        let isSuspected = ratios.contains { $0 ?? .infinity > suspicious }
        // Digits are repeated in numbers, and losing one costs more than a doubled one.
        let isInnocent = !isSuspected || run.allSatisfy(\.isNumber)
        return length <= 3 ? (isInnocent ? 8 : 4) : (isInnocent ? 5 : 3)
    }

    /// How many words of the run to keep: the first repetition, and what the run has beyond whole ones, which may begin something else.
    private static func kept(_ words: [Word], _ run: Range<Int>, _ length: Int) -> Int {
        let rest = run.count % length
        let beginsSentence =
            run.lowerBound == 0 || words[run.lowerBound].segment != words[run.lowerBound - 1].segment
            || words[run.lowerBound - 1].endsSentence
        let isCutOff =
            run.upperBound == words.count || words[run.upperBound].segment != words[run.upperBound - 1].segment
        // A loop that was cut short in the middle of a repetition has no words of its own behind it.
        return beginsSentence && isCutOff ? length : length + rest
    }

    private struct Word {
        /// The same for words with the same letters.
        let id: Int
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
                    id: id, segment: index, start: word.start, end: word.end, ratio: segment.compressionRatio,
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
