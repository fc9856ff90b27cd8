import Foundation
import Pipeline
import Testing

@Suite struct MaskingTests {
    private static let card = "four two four two four two four two four two four two four two four two"

    private static func masked(
        _ segments: [Transcript.Segment], _ kinds: [RedactionKind] = RedactionKind.allCases, speakers: [String] = []
    ) -> Transcript {
        var options = WordOptions()
        options.redact = kinds
        return Samples.transcript(segments, speakers: speakers).worded(by: options)
    }

    @Test func `what was asked for is masked in words and text, and counted`() {
        let result = Self.masked([Samples.segment("My card is 4242 4242 4242 4242, right? Write to jane@example.com.")])
        #expect(result.segments[0].text == "My card is [CARD_NUMBER], right? Write to [EMAIL].")
        #expect(
            result.segments[0].words.map(\.text) == [
                "My", "card", "is", "[CARD_NUMBER],", "right?", "Write", "to", "[EMAIL].",
            ])
        let json = String(decoding: result.rendered(as: .json), as: UTF8.self)
        #expect(
            json.contains(
                #""redacted":{"card_number":1,"phone_number":0,"email":1,"iban":0,"us_ssn":0,"ip_address":0}"#))
    }

    @Test func `the mask has the time of the whole number`() {
        let words = Self.masked([Samples.segment("it is \(Self.card) yes", at: 1_000, pace: 100)]).segments[0].words
        #expect(words.map(\.text) == ["it", "is", "[CARD_NUMBER]", "yes"])
        #expect((words[2].start, words[2].end, words[3].start) == (1_200, 2_800, 2_800))
    }

    @Test func `a number that goes on in other segments and is read back by somebody else is masked whole`() {
        let parts = Self.card.split(separator: " ").map(String.init)
        let result = Self.masked(
            [
                Samples.segment("It is " + parts[..<5].joined(separator: " "), at: 0, speaker: "speaker_0"),
                Samples.segment(parts[5..<9].joined(separator: " "), at: 5_000, speaker: "speaker_0"),
                Samples.segment(parts[9...].joined(separator: " ") + " thanks", at: 9_000, speaker: "speaker_1"),
            ], speakers: ["speaker_0", "speaker_1"])
        #expect(result.segments.map(\.text) == ["It is [CARD_NUMBER]", "thanks"])
        #expect(result.segments.map(\.speaker) == ["speaker_0", "speaker_1"])
    }

    @Test func `no format shows a digit of it`() throws {
        let result = Self.masked([Samples.segment("It is \(Self.card) or 4242424242424242 thanks", pace: 200)])
        for format in TranscriptFormat.allCases where format != .docx {
            let file = String(decoding: result.rendered(as: format, timingWords: true), as: UTF8.self)
            #expect(!file.contains("four") && !file.contains("4242"), "\(format)")
        }
    }

    @Test func `kinds that were not asked for stay`() {
        let text = "Card 4242 4242 4242 4242, mail jane@example.com"
        #expect(
            Self.masked([Samples.segment(text)], [.email]).segments[0].text == "Card 4242 4242 4242 4242, mail [EMAIL]")
        #expect(Self.masked([Samples.segment(text)], []).segments[0].text == text)
        let json = String(decoding: Self.masked([Samples.segment(text)], []).rendered(as: .json), as: UTF8.self)
        #expect(!json.contains("redacted"))
    }

    @Test func `a text without words, or written otherwise than its words, is masked`() {
        #expect(
            Self.masked([Samples.segment("mail jane@example.com now", words: false)]).segments[0].text
                == "mail [EMAIL] now")
        var segment = Samples.segment("mail me now")
        segment.text = "Mail jane@example.com, now."
        let result = Self.masked([segment]).segments[0]
        #expect(result.text == "Mail [EMAIL], now." && result.words.map(\.text) == ["mail", "me", "now"])
    }

    @Test func `what replacements write is masked as well`() {
        var options = WordOptions()
        options.redact = [.email]
        options.replacements = [WordReplacement(from: ["her address"], to: "jane@example.com")]
        let result = Samples.transcript([Samples.segment("It is her address.")]).worded(by: options)
        #expect(result.segments[0].text == "It is [EMAIL].")
    }

    @Test func `what an editor writes is masked, also where it completes a number, and the counts follow`() throws {
        let parts = Self.card.split(separator: " ").map(String.init)
        let original = Self.masked(
            [
                Samples.segment("It is " + parts[..<8].joined(separator: " "), at: 0, pace: 200),
                Samples.segment("thanks", at: 3_000),
            ], [.cardNumber])
        #expect(original.segments[0].text.hasSuffix("four two"))
        let body = StoredTranscript(body: Array(try JSONEncoder().encode(original)))
        let change = try body.decoded().applying([
            TranscriptEdit(segment: 1, change: .text(parts[8...].joined(separator: " ") + " thank you"))
        ])
        #expect(change.result.latest.segments.map(\.text) == ["It is [CARD_NUMBER]", "thank you"])
        let stored = try change.stored()
        #expect(stored.count == 2)
        #expect(!stored.values.contains { String(decoding: $0, as: UTF8.self).contains("four two") })
        let json = String(decoding: change.result.latest.rendered(as: .json), as: UTF8.self)
        #expect(json.contains(#""redacted":{"card_number":1}"#))
    }

    @Test func `whatever the words, masking loses none of the others, and twice is once`() throws {
        for seed in 0..<200 {
            var random = RandomTranscript(seed: UInt64(seed), wild: false)
            var transcript = random.transcript().ordered()
            // NaN equals nothing.
            transcript.languageConfidence = nil
            var options = WordOptions()
            options.redact = RedactionKind.allCases
            let result = transcript.worded(by: options)
            try #require(result.worded(by: options) == result, "seed \(seed)")
            try #require(result.ordered() == result, "seed \(seed)")
        }
    }
}
