import Foundation
import Pipeline
import TestSupport
import Testing

/// From AssemblyAI's words to segments, whatever the numbers say.
@Suite struct AssemblyAIResponseTests {
    private static func answer(_ fields: String) throws -> AssemblyAIResponse {
        try JSONDecoder().decode(
            AssemblyAIResponse.self, from: Data(#"{"id":"a-1","status":"completed",\#(fields)}"#.utf8))
    }

    /// Words of 300 ms, one each 400 ms, as JSON.
    private static func words(_ texts: [String], every step: Int = 400, from start: Int = 0) -> String {
        texts.enumerated().map { index, text in
            #"{"text":"\#(text)","start":\#(start + index * step),"end":\#(start + index * step + 300),"confidence":0.5}"#
        }.joined(separator: ",")
    }

    /// Whether the segments keep every promise that transcripts make about times.
    private static func keepPromises(_ segments: [Transcript.Segment], within duration: Int64) -> Bool {
        let transcript = Transcript(
            jobID: "job", language: "en", durationMilliseconds: duration, engine: "e", model: "m", segments: segments)
        return transcript.ordered() == transcript
    }

    @Test func `segments end at the ends of sentences and at pauses, but short sentences stay together`() throws {
        let first = "Well this is a rather long “sentence.” Yes. No, not quite".split(separator: " ").map(String.init)
        let later = ["(Is", "it?)", "yes"]
        let answer = try Self.answer(
            #""words":[\#(Self.words(first)),\#(Self.words(later, from: 5_400))]"#)
        #expect(
            answer.segments(within: 20_000).map(\.text) == [
                "Well this is a rather long “sentence.”", "Yes. No, not quite", "(Is it?) yes",
            ])
    }

    @Test func `an abbreviation before a small letter ends no sentence`() throws {
        let words = "We met at a quarter to six p.m. in town".split(separator: " ").map(String.init)
        let answer = try Self.answer(#""words":[\#(Self.words(words))]"#)
        #expect(answer.segments(within: 20_000).map(\.text) == ["We met at a quarter to six p.m. in town"])
    }

    @Test func `speech without an end is parted at its widest gap before thirty seconds are over`() throws {
        let before = Self.words(Array(repeating: "la", count: 60))
        let after = Self.words(Array(repeating: "lo", count: 60), from: 60 * 400 + 500)
        let segments = try Self.answer(#""words":[\#(before),\#(after)]"#).segments(within: 100_000)
        #expect(segments.count == 2)
        #expect(segments.map { Set($0.words.map(\.text)) } == [["la"], ["lo"]])
    }

    @Test func `words of scripts without spaces join without them`() throws {
        let answer = try Self.answer(#""words":[\#(Self.words(["今日", "は", "AI", "です", "。"]))]"#)
        #expect(answer.segments(within: 20_000).map(\.text) == ["今日は AI です。"])
    }

    @Test func `a text without words is one segment over the chunk`() throws {
        for words in ["null", "[]", #""none""#, "[null,7,{}]"] {
            let segments = try Self.answer(#""text":" All\n of it. ","words":\#(words),"confidence":0.25"#)
                .segments(within: 7_000)
            #expect(segments == [Transcript.Segment(start: 0, end: 7_000, text: "All of it.", confidence: 0.25)])
        }
        #expect(try Self.answer(#""text":null,"words":null"#).segments(within: 7_000) == [])
        #expect(try Self.answer(#""text":"  ","words":[{"text":" "}]"#).segments(within: 7_000) == [])
    }

    @Test func `words keep their order though a start is off, and one absurd time moves no other word`() throws {
        let texts = "we will not sell the old house".split(separator: " ").map(String.init)
        for (place, start) in [(3, 1_050), (3, 19_000), (3, 0), (3, -400), (2, 1_350), (5, 3)] {
            let words = texts.enumerated().map { index, text in
                let begin = index == place ? start : index * 400
                return #"{"text":"\#(text)","start":\#(begin),"end":\#(begin + 300),"confidence":0.5}"#
            }
            let segments = try Self.answer(#""words":[\#(words.joined(separator: ","))]"#).segments(within: 20_000)
            let heard = segments.flatMap(\.words)
            #expect(heard.map(\.text) == texts, "\(place) at \(start)")
            #expect(Self.keepPromises(segments, within: 20_000))
            // A time that is off by so little that two words cross may be taken for either's.
            let moved = heard.indices.filter { heard[$0].start != Int64($0) * 400 }
            #expect(moved.count <= 1, "\(place) at \(start): \(heard)")
            for index in moved { #expect(abs(heard[index].start - Int64(index) * 400) <= 400) }
        }
    }

    @Test(arguments: [
        "1e300", "-1e300", "1e999", "9223372036854775807", "9.3e18", "-5", "null", #""NaN""#, #""inf""#, #""nonsense""#,
        #""1200""#, "{}", "[]", "true",
    ])
    func `a time or confidence that is nonsense harms neither its word nor the others`(number: String) throws {
        let odd = #"{"text":"odd","start":\#(number),"end":\#(number),"confidence":\#(number)}"#
        let answer = try Self.answer(#""words":[\#(Self.words(["one"])),\#(odd),\#(Self.words(["two"], from: 2_000))]"#)
        let segments = answer.segments(within: 5_000)
        #expect(segments.flatMap(\.words).map(\.text).sorted() == ["odd", "one", "two"])
        #expect(Self.keepPromises(segments, within: 5_000))
        let word = try #require(segments.flatMap(\.words).first { $0.text == "odd" })
        let isNumber = Double(number.filter { $0 != "\"" })?.isFinite == true
        #expect(word.approximate == (isNumber ? nil : true))
        #expect((word.confidence != nil) == isNumber)
        #expect(word.confidence.map { (0...1).contains($0) } ?? true)
        #expect(segments.flatMap(\.words).filter { $0.text != "odd" }.map(\.start) == [0, 2_000])
    }

    @Test func `whatever they answer, words stay in order, within the chunk, and none is lost`() throws {
        var generator = SeededGenerator(seed: 2)
        for round in 0..<400 {
            let duration = Int64.random(in: 0...240_000, using: &generator)
            let isWild = round % 2 == 0
            var time = 0
            let texts = (0..<Int.random(in: 0...300, using: &generator)).map { index -> String in
                let kinds = ["w\(index)", "w\(index).", "W\(index)?”", "字\(index)。"]
                // Every third round nobody ends a sentence.
                return kinds[round % 3 == 0 ? 0 : Int.random(in: 0..<4, using: &generator)]
            }
            let words = texts.map { text in
                time += Int.random(in: 0...[50, 300, 900, 2_000, 40_000][round / 2 % 5], using: &generator)
                let start = isWild ? Int.random(in: -1_000_000...1_000_000, using: &generator) : time
                let end = start + Int.random(in: isWild ? -5_000...5_000 : 0...900, using: &generator)
                return #"{"text":"\#(text)","start":\#(start),"end":\#(end),"confidence":0.5}"#
            }
            let segments = try Self.answer(#""words":[\#(words.joined(separator: ","))]"#).segments(within: duration)
            let heard = segments.flatMap(\.words)
            #expect(isWild ? heard.map(\.text).sorted() == texts.sorted() : heard.map(\.text) == texts)
            #expect(Self.keepPromises(segments, within: duration))
            #expect(zip(heard, heard.dropFirst()).allSatisfy { $0.end <= $1.start })
            for segment in segments {
                #expect((1...100).contains(segment.words.count))
                #expect(segment.words.count == 1 || segment.end - segment.start <= 30_000)
                #expect(segment.text == segment.words.joinedText)
                #expect((segment.start, segment.end) == (segment.words[0].start, segment.words.last?.end))
            }
        }
    }

    @Test func `a million words at one moment are taken as they are`() throws {
        let word = #"{"text":"x","start":1e12,"end":-7,"confidence":2}"#
        let segments = try Self.answer(
            #""words":[\#(Array(repeating: word, count: 1_000_000).joined(separator: ","))]"#
        )
        .segments(within: 60_000)
        #expect(segments.reduce(0) { $0 + $1.words.count } == 1_000_000)
        #expect(Self.keepPromises(segments, within: 60_000))
    }

    @Test(arguments: [
        #"{"status":"completed"}"#, #"{"id":null,"status":"completed"}"#, #"{"id":"","status":"queued"}"#,
        #"{"id":"a b","status":"queued"}"#, #"{"id":"a/b","status":"queued"}"#, #"{"id":"a","status":null}"#,
        #"{"id":"ü","status":"queued"}"#, #"[]"#, #""text""#,
    ])
    func `without an id that fits in a URL, and a status, it is no answer`(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(AssemblyAIResponse.self, from: Data(json.utf8))
        }
    }
}
