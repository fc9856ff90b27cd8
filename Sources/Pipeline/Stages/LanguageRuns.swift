/// A part of a recording that is spoken in one language.
package struct LanguageRun: Sendable, Equatable {
    /// In samples from the start of the recording.
    package let samples: Range<Int64>
    /// One of Whisper's codes; nil: the job's language.
    package let language: String?

    package init(samples: Range<Int64>, language: String?) {
        self.samples = samples
        self.language = language
    }
}

/// Divides a recording that changes between languages into runs. The language is detected in windows of some seconds of speech, which end in silences; a run
/// ends where the language of the next window is another one.
package struct LanguageRuns: Sendable {
    /// The least speech of a window, in samples. In less, languages are confused.
    private static let shortest = 10 * Samples.perSecond
    /// As much of a window is listened to.
    private static let longest = 30 * Samples.perSecond
    /// A window ends only in a silence of this length, so that no word is cut.
    private static let silence = Samples.perSecond / 2
    /// A window whose language is less probable than this has that of its neighbor.
    private static let sure = 0.6
    /// How many windows are listened to at a time.
    private static let atOnce = 2

    /// What was detected in a window.
    package typealias Guess = (code: String, confidence: Double)

    private let total: Int64
    private let windows: [[Range<Int64>]]

    /// - Parameters:
    ///   - total: the length of the recording.
    ///   - speech: where somebody speaks: ranges in order, with gaps between them.
    package init(total: Int64, speech: [Range<Int64>]) {
        self.total = total
        var windows: [[Range<Int64>]] = []
        var length: Int64 = 0
        for span in speech {
            let gap = windows.last?.last.map { span.lowerBound - $0.upperBound } ?? .max
            if length >= Self.shortest && gap >= Self.silence || windows.isEmpty {
                windows.append([])
                length = 0
            }
            windows[windows.count - 1].append(span)
            length += Int64(span.count)
        }
        // The rest at the end is too short to tell.
        if windows.count > 1, length < Self.shortest {
            windows[windows.count - 2] += windows[windows.count - 1]
            windows.removeLast()
        }
        self.windows = windows
    }

    /// Returns the runs, which cover the recording, and in which language most is said; nil if nothing is.
    ///
    /// - Parameter detect: detects the language of these parts of the recording; nil if there is none.
    package func runs(
        detecting detect: @escaping @Sendable ([Range<Int64>]) async throws -> Guess?
    ) async throws -> (runs: [LanguageRun], main: String?) {
        let languages = Self.smoothed(try await guesses(detect))
        var runs: [LanguageRun] = []
        var spoken: [String: Int64] = [:]
        for (index, language) in languages.enumerated() {
            let speech = windows[index]
            if let language { spoken[language, default: 0] += speech.reduce(0) { $0 + Int64($1.count) } }
            guard let last = runs.last, last.language == language else {
                let start = index == 0 ? 0 : Self.border(windows[index - 1], speech)
                if let last = runs.popLast() {
                    runs.append(LanguageRun(samples: last.samples.lowerBound..<start, language: last.language))
                }
                runs.append(LanguageRun(samples: start..<total, language: language))
                continue
            }
        }
        // Of languages that are spoken equally long, the first by its name, so that a repetition finds the same.
        let main = spoken.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        return (runs.isEmpty ? [LanguageRun(samples: 0..<total, language: nil)] : runs, main)
    }

    private func guesses(
        _ detect: @escaping @Sendable ([Range<Int64>]) async throws -> Guess?
    ) async throws -> [Guess?] {
        try await withThrowingTaskGroup(of: (Int, Guess?).self) { group in
            var guesses = [Guess?](repeating: nil, count: windows.count)
            for (index, window) in windows.enumerated() {
                if index >= Self.atOnce, let (done, guess) = try await group.next() { guesses[done] = guess }
                group.addTask { (index, try await detect(window.first(samples: Self.longest))) }
            }
            for try await (done, guess) in group { guesses[done] = guess }
            return guesses
        }
    }

    /// Replaces what is unsure by what was sure before it, and at the beginning by what is sure after it.
    private static func smoothed(_ guesses: [Guess?]) -> [String?] {
        var languages = guesses.map { guess in guess.flatMap { $0.confidence >= sure ? $0.code : nil } }
        for index in languages.indices.dropFirst() { languages[index] = languages[index] ?? languages[index - 1] }
        for index in languages.indices.reversed().dropFirst() {
            languages[index] = languages[index] ?? languages[index + 1]
        }
        // If nothing is sure, the best guess is better than none.
        let best = guesses.compactMap(\.self).max { $0.confidence < $1.confidence }?.code
        return languages.map { $0 ?? best }
    }

    private static func border(_ before: [Range<Int64>], _ after: [Range<Int64>]) -> Int64 {
        let (end, start) = (before.last?.upperBound ?? 0, after.first?.lowerBound ?? 0)
        return end + (start - end) / 2
    }
}
