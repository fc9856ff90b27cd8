import Pipeline
import Testing

/// What must hold for every cue of every transcript, however strange.
@Suite struct CuePropertyTests {
    @Test(arguments: [false, true])
    func `cues keep every limit and every character of any transcript`(wild: Bool) throws {
        for seed in 0..<400 {
            var random = RandomTranscript(seed: UInt64(seed), wild: wild)
            let transcript = random.transcript()
            let spoken = transcript.ordered()
            let duration = spoken.durationMilliseconds

            let subRip = try SubtitleFile(subRip: transcript.rendered(as: .srt))
            let webVTT = try SubtitleFile(webVTT: transcript.rendered(as: .vtt))
            try #require(subRip.cues.map(\.start) == webVTT.cues.map(\.start))
            try #require(subRip.cues.map(\.end) == webVTT.cues.map(\.end))

            var previousEnd: Int64 = 0
            for cue in webVTT.cues {
                try #require(cue.start >= previousEnd && cue.end > cue.start, "seed \(seed): \(cue)")
                try #require(cue.end <= max(duration, Int64(webVTT.cues.count)), "seed \(seed): \(cue)")
                try #require(cue.end - cue.start <= 7_000, "seed \(seed): \(cue)")
                previousEnd = cue.end
            }
            for cue in webVTT.cues + subRip.cues {
                try #require((1...2).contains(cue.lines.count), "seed \(seed): \(cue)")
                for line in cue.lines {
                    try #require(columns(line) <= 42, "seed \(seed): \(line)")
                    try #require(!line.unicodeScalars.contains(where: isControl), "seed \(seed): \(line)")
                    try #require(!hasArrow(line) || webVTT.cues.contains(cue), "seed \(seed): \(line)")
                    try #require(line.contains { !$0.isWhitespace }, "seed \(seed): a blank line")
                }
            }

            let expected = spoken.segments.map(said).joined()
            let shown = visible(webVTT.cues.map(\.text).joined())
            let readable = visible(subRip.cues.map(\.text).joined())
            if wild {
                // Overlapping segments: cues go by time, so only the sum is certain.
                try #require(shown.unicodeScalars.sorted() == expected.unicodeScalars.sorted(), "seed \(seed)")
            } else {
                try #require(shown == expected, "seed \(seed)")
                try #require(withArrows(readable) == expected, "seed \(seed)")
            }
        }
    }

    @Test func `a cue has one voice`() throws {
        for seed in 0..<200 {
            var random = RandomTranscript(seed: UInt64(seed), wild: false)
            let transcript = random.transcript()
            var said: [String?: String] = [:]
            for segment in transcript.segments {
                if segment.words.contains(where: { !visible($0.text).isEmpty }) {
                    for word in segment.words {
                        said[word.speaker ?? segment.speaker, default: ""] += visible(word.text)
                    }
                } else {
                    said[segment.speaker, default: ""] += visible(segment.text)
                }
            }
            var shown: [String?: String] = [:]
            for cue in try SubtitleFile(webVTT: transcript.rendered(as: .vtt)).cues {
                shown[cue.voice, default: ""] += visible(cue.text)
            }
            try #require(shown == said.filter { !$0.value.isEmpty }, "seed \(seed)")
        }
    }

    private func said(in segment: Transcript.Segment) -> String {
        let words = visible(segment.words.map(\.text).joined())
        return words.isEmpty ? visible(segment.text) : words
    }

    private func hasArrow(_ text: String) -> Bool { text.unicodeScalars.contains("-->".unicodeScalars) }

    private func withArrows(_ text: String) -> String {
        String(text.unicodeScalars.replacing("→".unicodeScalars, with: "-->".unicodeScalars))
    }

    /// Without spaces, controls and the word joiners that SubRip needs.
    private func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars
        where !scalar.properties.isWhitespace && !isControl(scalar) && ![0xFEFF, 0x2060].contains(scalar.value) {
            result.append(scalar)
        }
        return String(result)
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value == 0x2028
    }

    /// Never more than a screen needs for the letters of `RandomTranscript`.
    private func columns(_ text: String) -> Int {
        text.reduce(0) { sum, character in
            switch character.unicodeScalars.first?.value ?? 0 {
            case 0x200B...0x200F, 0x2060: sum
            case 0x2E80...0x9FFF, 0xAC00...0xD7A3, 0xFF00...0xFF60, 0x1F1E6...0x1FFFF: sum + 2
            default: sum + 1
            }
        }
    }
}
