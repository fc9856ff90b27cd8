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
                    try #require(ShownText.columns(line) <= 42, "seed \(seed): \(line)")
                    try #require(!line.unicodeScalars.contains(where: ShownText.isControl), "seed \(seed): \(line)")
                    try #require(!hasArrow(line) || webVTT.cues.contains(cue), "seed \(seed): \(line)")
                    try #require(line.contains { !$0.isWhitespace }, "seed \(seed): a blank line")
                }
            }

            let expected = spoken.segments.map(ShownText.said).joined()
            let shown = ShownText.visible(webVTT.cues.map(\.text).joined())
            let readable = ShownText.visible(subRip.cues.map(\.text).joined())
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
                if segment.words.contains(where: { !ShownText.visible($0.text).isEmpty }) {
                    for word in segment.words {
                        said[word.speaker ?? segment.speaker, default: ""] += ShownText.visible(word.text)
                    }
                } else {
                    said[segment.speaker, default: ""] += ShownText.visible(segment.text)
                }
            }
            var shown: [String?: String] = [:]
            for cue in try SubtitleFile(webVTT: transcript.rendered(as: .vtt)).cues {
                shown[cue.voice, default: ""] += ShownText.visible(cue.text)
            }
            try #require(shown == said.filter { !$0.value.isEmpty }, "seed \(seed)")
        }
    }

    private func hasArrow(_ text: String) -> Bool { text.unicodeScalars.contains("-->".unicodeScalars) }

    private func withArrows(_ text: String) -> String {
        String(text.unicodeScalars.replacing("→".unicodeScalars, with: "-->".unicodeScalars))
    }
}
