import Pipeline
import TestSupport
import Testing

/// Every option in every format: the product of their values.
@Suite struct FormatOptionTests {
    /// What a file is asked for.
    struct Options: CustomStringConvertible {
        let limits: CueLimits
        let speakers: SpeakerLabels?
        let timesWords: Bool

        /// With the smallest, the usual and the largest values.
        static var all: [Options] {
            var all: [Options] = []
            for columns in [16, 42, 80] {
                for lines in 1...4 {
                    for seconds in [1, 7, 30] as [Int64] {
                        for speakers in [nil, SpeakerLabels.none, .labels, .names(FormatOptionTests.names)]
                            as [SpeakerLabels?]
                        {
                            for timesWords in [false, true] {
                                all.append(
                                    Options(
                                        limits: CueLimits(
                                            columnsPerLine: columns, lines: lines, longest: seconds * 1_000),
                                        speakers: speakers, timesWords: timesWords))
                            }
                        }
                    }
                }
            }
            return all
        }

        var description: String {
            let shown = speakers.map { "\($0)" } ?? "default"
            return "\(limits.columnsPerLine) × \(limits.lines), \(limits.longest) ms, \(shown), words \(timesWords)"
        }

        func file(of transcript: Transcript, as format: TranscriptFormat) -> [UInt8] {
            transcript.rendered(
                as: format, title: "Rivers.mp3", speakers: speakers, cues: limits, timingWords: timesWords)
        }
    }

    static let names = SpeakerNames([
        "speaker_0": "Ada, née <Byron>", "speaker_1": "{Bob} [2] \\N 漢", "speaker_2": "=1+1",
    ])
    private static let cueFormats: [TranscriptFormat] = [.srt, .vtt, .ttml, .ass, .lrc]
    private static let transcripts: [Transcript] =
        [Samples.interview, Samples.scripts]
        + (0..<3).map { seed in
            var random = RandomTranscript(seed: UInt64(seed * 7 + 1), wild: false)
            return random.transcript()
        }

    @Test func `limits of cues and times of words change nothing in formats without cues`() throws {
        for format in TranscriptFormat.allCases where !Self.cueFormats.contains(format) {
            for transcript in Self.transcripts {
                for options in Options.all {
                    let usual = transcript.rendered(as: format, title: "Rivers.mp3", speakers: options.speakers)
                    try #require(options.file(of: transcript, as: format) == usual, "\(format): \(options)")
                }
            }
        }
    }

    @Test(arguments: cueFormats)
    func `cues keep to their limits and have every word, whatever is asked for`(format: TranscriptFormat) throws {
        for (place, transcript) in Self.transcripts.enumerated() {
            for options in Options.all {
                let file = options.file(of: transcript, as: format)
                let subtitles = try SubtitleFile(file, format)
                let comment: Comment = "transcript \(place), \(format): \(options)"
                try expectLimits(subtitles, of: transcript, format, options.limits, comment)
                try expectWords(subtitles, of: transcript, format, options, comment)
                try expectSpeakers(subtitles, of: transcript, format, options, comment)
                try expectTimes(subtitles, of: transcript, format, options, comment)
            }
        }
    }

    private func expectLimits(
        _ subtitles: SubtitleFile, of transcript: Transcript, _ format: TranscriptFormat, _ limits: CueLimits,
        _ comment: Comment
    ) throws {
        var end: Int64 = 0
        // Hundredths of a second may lengthen a cue by one of them.
        let grain: Int64 = format == .ass || format == .lrc ? 10 : 0
        for cue in subtitles.cues {
            try #require(cue.start >= end && cue.end > cue.start, comment)
            try #require(cue.end - cue.start <= limits.longest + grain, comment)
            end = cue.end
            try #require((1...(format == .lrc ? 1 : limits.lines)).contains(cue.lines.count), comment)
            for line in cue.lines {
                // A name at the start doesn't count.
                let bare = format == .srt || format == .lrc ? Self.withoutName(line, of: transcript) : line
                try #require(ShownText.columns(bare) <= limits.columnsPerLine, "\(comment): \(line)")
                try #require(line.contains { !$0.isWhitespace }, comment)
            }
        }
        let latest = max(transcript.durationMilliseconds, Int64(subtitles.cues.count))
        try #require(end <= latest + grain, comment)
    }

    private func expectWords(
        _ subtitles: SubtitleFile, of transcript: Transcript, _ format: TranscriptFormat, _ options: Options,
        _ comment: Comment
    ) throws {
        var lines = subtitles.cues.map(\.text)
        if format == .srt || format == .lrc { lines = lines.map { Self.withoutName($0, of: transcript) } }
        let shown = ShownText.visible(lines.joined())
        let expected = transcript.ordered().segments.map(ShownText.said).joined()
        switch format {
        case .srt:
            let arrows = shown.unicodeScalars.replacing("→".unicodeScalars, with: "-->".unicodeScalars)
            try #require(String(arrows) == expected, comment)
        default: try #require(shown == expected, comment)
        }
    }

    /// Speakers are named exactly where they are asked for, and by what.
    private func expectSpeakers(
        _ subtitles: SubtitleFile, of transcript: Transcript, _ format: TranscriptFormat, _ options: Options,
        _ comment: Comment
    ) throws {
        let usual: SpeakerLabels = format == .srt || format == .lrc ? .none : .labels
        let labels = options.speakers ?? usual
        if format == .srt || format == .lrc {
            let named = subtitles.cues.contains { Self.withoutName($0.lines[0], of: transcript) != $0.lines[0] }
            let several = transcript.speakers.count > 1 && subtitles.cues.count > 0
            try #require(labels == .none || !several ? !named : named || voices(transcript).isEmpty, comment)
            return
        }
        let found = Set(subtitles.cues.compactMap(\.voice))
        let expected: Set<String> =
            switch labels {
            case .none: []
            case .labels: voices(transcript)
            case .names(let names): Set(voices(transcript).map { names.names[$0] ?? $0 })
            }
        let shown = format == .ass ? Set(expected.map { $0.replacing(",", with: "‚") }) : expected
        try #require(found == shown || format == .vtt && labels != .none, "\(comment): \(found)")
        if format == .vtt { try #require(found.count == shown.count, comment) }
    }

    /// The words' times are there if they are asked for: in order, and within their cue.
    private func expectTimes(
        _ subtitles: SubtitleFile, of transcript: Transcript, _ format: TranscriptFormat, _ options: Options,
        _ comment: Comment
    ) throws {
        guard options.timesWords, [.vtt, .ass, .lrc].contains(format) else {
            try #require(subtitles.wordTimes.joined().isEmpty, comment)
            return
        }
        try #require(subtitles.wordTimes.count == subtitles.cues.count, comment)
        for (cue, times) in zip(subtitles.cues, subtitles.wordTimes) {
            try #require(zip(times, times.dropFirst()).allSatisfy { format == .vtt ? $0 < $1 : $0 <= $1 }, comment)
            if let first = times.first, let last = times.last {
                try #require(format == .vtt ? first > cue.start && last < cue.end : first >= cue.start, comment)
                try #require(last <= cue.end, comment)
            }
        }
        guard transcript == Samples.interview else { return }
        let timed = subtitles.wordTimes.joined().count
        let words = transcript.segments.map(\.words.count).reduce(0, +)
        switch format {
        // A word that begins with its cue has the cue's time.
        case .vtt: try #require((words - subtitles.cues.count...words).contains(timed), comment)
        // Silence before the first word takes time, too.
        case .ass: try #require((words...words + subtitles.cues.count).contains(timed), comment)
        default: try #require(timed == words, comment)
        }
    }

    /// The ids of those who say something that is shown.
    private func voices(_ transcript: Transcript) -> Set<String> {
        var voices: Set<String> = []
        for segment in transcript.segments {
            let said = segment.words.filter { !ShownText.visible($0.text).isEmpty }
            if said.isEmpty {
                if !ShownText.visible(segment.text).isEmpty, let speaker = segment.speaker { voices.insert(speaker) }
            } else {
                voices.formUnion(said.compactMap { $0.speaker ?? segment.speaker })
            }
        }
        return voices
    }

    /// The line without the name with which it may begin.
    private static func withoutName(_ line: String, of transcript: Transcript) -> String {
        let scalars = line.unicodeScalars
        for speaker in transcript.speakers {
            for name in [speaker, names.names[speaker] ?? speaker] {
                // SubRip keeps players from taking a part of the name for a tag.
                let plain = scalars.filter { $0 != "\u{2060}" }
                let start = "\(name): ".unicodeScalars
                if plain.starts(with: start) { return String(plain.dropFirst(start.count)) }
            }
        }
        return line
    }
}

extension SubtitleFile {
    init(_ bytes: [UInt8], _ format: TranscriptFormat) throws {
        switch format {
        case .srt: try self.init(subRip: bytes)
        case .vtt: try self.init(webVTT: bytes)
        case .ttml: try self.init(timedText: bytes)
        case .ass: try self.init(subStationAlpha: bytes)
        case .lrc: try self.init(lyrics: bytes)
        case .json, .txt, .docx, .md, .csv:
            throw NoSubtitles()
        }
    }

    private struct NoSubtitles: Error {}
}
