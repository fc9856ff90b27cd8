import Foundation
import Pipeline
import TestSupport
import Testing

/// What a correction keeps of a transcript, and what it changes.
@Suite struct CorrectedTranscriptTests {
    private static func corrected(_ transcript: Transcript) throws -> CorrectedTranscript {
        try StoredTranscript(body: Array(try JSONEncoder().encode(transcript))).decoded()
    }

    /// A segment of four words, 300 ms each, from 1,000 ms on.
    private static let quick = Samples.transcript([Samples.segment("the quick brown fox", at: 1_000)])

    private static func segment(_ text: String, in transcript: Transcript = quick) throws -> Transcript.Segment {
        let edit = TranscriptEdit(segment: 0, change: .text(text))
        return try corrected(transcript).applying([edit]).result.latest.segments[0]
    }

    private static func times(_ segment: Transcript.Segment) -> [String] {
        segment.words.map { "\($0.text) \($0.start)-\($0.end)\($0.confidence == nil ? " ?" : "")" }
    }

    @Test func `words that stay keep their times and confidence, and changed ones share the time between them`() throws
    {
        #expect(
            Self.times(try Self.segment("the quick red fox")) == [
                "the 1000-1300", "quick 1300-1600", "red 1600-1900 ?", "fox 1900-2200",
            ])
        #expect(
            Self.times(try Self.segment("the quick dark red fox")) == [
                "the 1000-1300", "quick 1300-1600", "dark 1600-1771 ?", "red 1771-1900 ?", "fox 1900-2200",
            ])
        #expect(Self.times(try Self.segment("the fox")) == ["the 1000-1300", "fox 1900-2200"])
        #expect(
            Self.times(try Self.segment("a quick brown cat")) == [
                "a 1000-1300 ?", "quick 1300-1600", "brown 1600-1900", "cat 1900-2200 ?",
            ])
        #expect(Self.times(try Self.segment("fox the")) == ["fox 1900-2200", "the 2200-2200 ?"])
        #expect(Self.times(try Self.segment("no")) == ["no 1000-2200 ?"])
        let empty = try Self.segment(" \n ")
        #expect(empty.words.isEmpty && empty.text.isEmpty && empty.start == 1_000 && empty.end == 2_200)
        #expect(try Self.segment("one\ntwo").text == "one two")
    }

    @Test func `a word that is written without a space before it is corrected as part of its word`() throws {
        var transcript = Samples.transcript([Samples.segment("a well -known fact", at: 0)])
        transcript.segments[0].words[2].spaced = false
        transcript.segments[0].text = "a well-known fact"
        #expect(
            Self.times(try Self.segment("the well-known fact", in: transcript)) == [
                "the 0-300 ?", "well 300-600", "-known 600-900", "fact 900-1200",
            ])
        #expect(
            Self.times(try Self.segment("a well-liked fact", in: transcript)) == [
                "a 0-300", "well-liked 300-900 ?", "fact 900-1200",
            ])
        var japanese = Samples.transcript([Samples.segment("東京は 雨 です", at: 0)])
        for index in 1..<3 { japanese.segments[0].words[index].spaced = false }
        japanese.segments[0].text = "東京は雨です"
        let corrected = try Self.segment("東京は雪です", in: japanese)
        #expect(corrected.text == "東京は雪です" && corrected.words.joinedText == "東京は雪です")
        #expect(Self.times(corrected) == ["東京は 0-300", "雪 300-600 ?", "です 600-900"])
    }

    @Test func `a segment that is given to a speaker is that speaker's, and so are its words`() throws {
        let transcript = try Self.corrected(Samples.interview)
        func speaker(_ name: String, of segment: Int = 1) throws -> Transcript {
            try transcript.applying([TranscriptEdit(segment: segment, change: .speaker(name))]).result.latest
        }
        let merged = try speaker("speaker_0")
        #expect(merged.segments[1].speaker == "speaker_0" && merged.segments[1].speakerConfidence == nil)
        #expect(merged.segments[1].words.allSatisfy { $0.speaker == nil })
        let third = try speaker("speaker_2")
        #expect(third.speakers == ["speaker_0", "speaker_1", "speaker_2"])
        for unknown in ["speaker_3", "Speaker_0", "", "speaker_-1"] {
            #expect(throws: TranscriptEdit.Refusal.noSpeaker(edit: 0)) { try speaker(unknown) }
        }
        for place in [-1, 5, .max] {
            #expect(throws: TranscriptEdit.Refusal.noSegment(edit: 0)) { try speaker("speaker_0", of: place) }
        }
        // A speaker who has lost all segments gets them back.
        let lost = try transcript.applying(
            [1, 3, 4].map { TranscriptEdit(segment: $0, change: .speaker("speaker_0")) })
        let returned = try lost.result.applying(
            [1, 3, 4].map { TranscriptEdit(segment: $0, change: .speaker("speaker_1")) })
        #expect(returned.result.latest == Samples.interview)
        // Whoever speaks no more is not listed.
        let alone = try transcript.applying(
            [1, 3, 4].map { TranscriptEdit(segment: $0, change: .speaker("speaker_0")) })
        #expect(alone.result.latest.speakers == ["speaker_0"])
    }

    @Test func `an edit that changes nothing is no change, and the original never changes`() throws {
        let transcript = try Self.corrected(Samples.interview)
        let text = Samples.interview.segments[1].text
        let same = try transcript.applying([
            TranscriptEdit(segment: 1, change: .text("Other words.")), TranscriptEdit(segment: 1, change: .text(text)),
        ])
        #expect(same.isEmpty && same.result.latest == Samples.interview)
        let other = try transcript.applying([TranscriptEdit(segment: 1, change: .text("Other words."))])
        #expect(!other.isEmpty && other.result.original == Samples.interview)
        #expect(try other.stored().keys.sorted() == [1])
    }

    @Test func `whatever is corrected, the words are the text, in order, and what is undone is as it was`() throws {
        var compared = 0
        for seed in 0..<300 {
            var generator = RandomTranscript(seed: UInt64(seed), wild: seed % 3 == 0)
            var transcript = generator.transcript()
            if transcript.languageConfidence?.isFinite == false { transcript.languageConfidence = nil }
            var random = SeededGenerator(seed: UInt64(seed))
            let original = try Self.corrected(transcript)
            let before = String(decoding: original.latest.rendered(as: .json), as: UTF8.self)
            guard !transcript.segments.isEmpty else { continue }
            let place = Int.random(in: transcript.segments.indices, using: &random)
            let seen = transcript.ordered().segments[place]
            var words = seen.text.split(separator: " ").map(String.init)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let word = ["new", "well-known", "雪です", "-", "שלום"].randomElement(using: &random) ?? ""
                if words.count > 1, Int.random(in: 0..<3, using: &random) == 0 {
                    words.swapAt(
                        Int.random(in: words.indices, using: &random), Int.random(in: words.indices, using: &random))
                } else if words.isEmpty || Bool.random(using: &random) {
                    words.insert(word, at: Int.random(in: 0...words.count, using: &random))
                } else {
                    words.remove(at: Int.random(in: words.indices, using: &random))
                }
            }
            let text = words.joined(separator: " ")
            let change = try original.applying([TranscriptEdit(segment: place, change: .text(text))])
            let latest = change.result.latest.ordered()
            guard !change.isEmpty else { continue }
            let changed = try #require(
                try JSONSerialization.jsonObject(with: Data(change.json())) as? [[String: Any]])
            let found = try #require(changed.first?["segment"] as? Int)
            let segment = latest.segments[found]
            #expect(changed.count == 1 && changed[0]["text"] as? String == segment.text)
            if !segment.words.isEmpty { #expect(segment.words.joinedText == segment.text, "seed \(seed)") }
            #expect(
                segment.words.allSatisfy { $0.start <= $0.end && $0.start >= segment.start && $0.end <= segment.end })
            // All formats take it.
            for format in TranscriptFormat.allCases { _ = latest.rendered(as: format) }
            let undone = try change.result.applying([TranscriptEdit(segment: found, change: .text(seen.text))])
            let back = undone.result.latest
            // Words that an engine made of spaces or of nothing are not brought back.
            let isTidy = seen.words.allSatisfy {
                $0.speaker == nil && !$0.text.isEmpty && !$0.text.contains(where: \.isWhitespace)
                    && $0.text.unicodeScalars.allSatisfy {
                        $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
                    }
            }
            if isTidy, seen.words.joinedText == seen.text || seen.words.isEmpty {
                compared += 1
                #expect(String(decoding: back.rendered(as: .json), as: UTF8.self) == before, "seed \(seed)")
            }
        }
        #expect(compared > 20)
    }

    @Test func `a text that is too long to be compared whole keeps what it begins and ends with`() throws {
        let words = (0..<3_000).map { "w\($0)" }
        let long = Samples.transcript([Samples.segment(words.joined(separator: " "))])
        let changed = words.prefix(10) + words[10..<2_990].map { $0 + "x" } + words.suffix(10)
        let segment = try Self.segment(changed.joined(separator: " "), in: long)
        #expect(segment.words.prefix(10).allSatisfy { $0.confidence != nil })
        #expect(segment.words.dropFirst(10).contains { $0.confidence == nil })
    }

    @Test func `formats name the speakers as asked`() {
        let names = SpeakerLabels.names(SpeakerNames(["speaker_0": "Reporter"]))
        func text(_ format: TranscriptFormat, _ labels: SpeakerLabels?) -> String {
            String(decoding: Samples.interview.rendered(as: format, speakers: labels), as: UTF8.self)
        }
        for format in [TranscriptFormat.json, .txt, .vtt] {
            #expect(text(format, nil) == text(format, .labels))
            #expect(text(format, nil).contains("speaker_0"))
            #expect(!text(format, SpeakerLabels.none).contains("speaker_0"), "\(format)")
            let named = text(format, names)
            #expect(named.contains("Reporter") && named.contains("speaker_1"), "\(format)")
        }
        #expect(text(.json, names).contains(#""speakers":[{"id":"speaker_0","name":"Reporter"},{"id":"speaker_1"}]"#))
        #expect(text(.json, names).contains(#"{"speaker":"Reporter","#))
        #expect(text(.srt, nil) == text(.srt, SpeakerLabels.none) && !text(.srt, nil).contains("speaker_"))
        let lines = text(.srt, names).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("Reporter: ") } == 2)
        #expect(lines.count { $0.hasPrefix("speaker_1: ") } == 2)
        // Who is alone needs no name.
        let alone = Samples.transcript([Samples.segment("Hello there.", speaker: "speaker_0")], speakers: ["speaker_0"])
        #expect(!String(decoding: alone.rendered(as: .srt, speakers: names), as: UTF8.self).contains("Reporter"))
        // Names cannot break a format.
        let hostile = SpeakerLabels.names(SpeakerNames(["speaker_0": "<b>-->&\u{202E}", "speaker_1": "{\\an8}x"]))
        #expect(text(.vtt, hostile).contains("<v &lt;b&gt;--&gt;&amp;"))
        #expect(!text(.srt, hostile).contains("<b>") && !text(.srt, hostile).contains("{\\an8}"))
    }
}
