import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct WhisperResponseTests {
    private static func segments(_ json: String, within duration: Int64 = 10_000) throws -> [WhisperSegment] {
        try JSONDecoder().decode(WhisperResponse.self, from: Data(json.utf8)).segments(within: duration)
    }

    /// "0-500 Well-known" for each word; "~" where the time is approximate.
    private static func timed(_ segments: [WhisperSegment]) -> [String] {
        segments.flatMap(\.words).map { "\($0.start)-\($0.end)\($0.approximate == true ? "~" : " ")\($0.text)" }
    }

    @Test func `our own server's words become words between spaces, in milliseconds, with their mean confidence`()
        throws
    {
        let segments = try Self.segments(
            """
            {"model":"whisper_base","segments":[{"start":0.0,"end":2.5,"text":" Well-known, he said.","avg_logprob":-0.1,
                "no_speech_prob":0.25,"compression_ratio":1.5,"temperature":0.5,"words":[
                {"word":" Well","start":0.0,"end":0.5,"probability":0.5},
                {"word":"-known,","start":0.5,"end":1.2345,"probability":1.0},
                {"word":" he","start":1.5,"end":1.7,"probability":0.75},
                {"word":" said.","start":1.7,"end":2.25,"probability":0.75}]}]}
            """)
        #expect(Self.timed(segments) == ["0-1235 Well-known,", "1500-1700 he", "1700-2250 said."])
        #expect(segments[0].words.map(\.confidence) == [0.75, 0.75, 0.75])
        #expect(segments[0].transcribed.text == "Well-known, he said.")
        #expect(segments[0].transcribed.confidence == 0.75)
        #expect((segments[0].start, segments[0].end) == (0, 2250))
        #expect(segments[0].averageLogProbability == -0.1)
        #expect(segments[0].noSpeechProbability == 0.25)
        #expect(segments[0].compressionRatio == 1.5)
        #expect(segments[0].temperature == 0.5)
        #expect(segments[0].wordProbability == 0.75)
    }

    @Test func `OpenAI's words, beside the segments and without punctuation, find their place in the text`() throws {
        let segments = try Self.segments(
            """
            {"task":"transcribe","language":"english","duration":8.470000267028809,"text":"The \\"quick\\" fox. It’s 3.5 m.",
             "segments":[{"id":0,"seek":0,"start":0.0,"end":1.8,"text":" The \\"quick\\" fox.","tokens":[50364],"avg_logprob":-0.5},
                         {"id":1,"start":2.0,"end":4.0,"text":" It’s 3.5 m.","avg_logprob":-0.25}],
             "words":[{"word":"The","start":0.0,"end":0.4},{"word":"quick","start":0.4,"end":0.9},
                      {"word":"fox","start":0.9,"end":2.1},{"word":"It’s","start":2.1,"end":2.5},
                      {"word":"3.5","start":2.5,"end":3.0},{"word":"m","start":3.0,"end":3.5}],
             "usage":{"type":"duration","seconds":9}}
            """)
        #expect(
            Self.timed(segments) == [
                "0-400 The", "400-900 \"quick\"", "900-2100 fox.", "2100-2500 It’s", "2500-3000 3.5", "3000-3500 m.",
            ])
        #expect(segments.map(\.words.count) == [3, 3])
        #expect(segments[0].words[0].confidence == exp(-0.5))
        #expect(segments[1].transcribed.confidence == exp(-0.25))
        #expect(segments[0].wordProbability == nil)
    }

    @Test func `whisper.cpp's tokens are merged into words, and its special tokens are dropped`() throws {
        let segments = try Self.segments(
            """
            {"segments":[{"id":0,"start":0.0,"end":3.0,"text":" Unbelievable, isn't it?","words":[
                {"word":"[_BEG_]","start":0,"end":0,"probability":0.9},
                {"word":" Un","start":0.1,"end":0.3,"probability":0.9},{"word":"bel","start":0.3,"end":0.5,"probability":0.6},
                {"word":"ievable","start":0.5,"end":0.9,"probability":0.6},{"word":",","start":0.9,"end":1.2,"probability":0.1},
                {"word":" isn","start":1.2,"end":1.5,"probability":1},{"word":"'t","start":1.5,"end":1.7,"probability":1},
                {"word":" it","start":1.7,"end":2.0,"probability":1},{"word":"?","start":2.0,"end":2.9,"probability":1},
                {"word":"[_TT_150]","start":3,"end":3,"probability":0.2}]}]}
            """)
        #expect(Self.timed(segments) == ["100-900 Unbelievable,", "1200-1700 isn't", "1700-2000 it?"])
        let confidence = try #require(segments[0].words[0].confidence)
        #expect(abs(confidence - 0.7) < 1e-9)
    }

    @Test func `without words the text is spread over the segment by its letters, and marked approximate`() throws {
        let segments = try Self.segments(
            #"{"language":"en","duration":"5.0","segments":[{"start":1,"end":"2.5","text":" aaaa bbbb cc, ","avg_logprob":0.0}]}"#
        )
        #expect(Self.timed(segments) == ["1000-1545~aaaa", "1545-2090~bbbb", "2090-2500~cc,"])
        #expect(segments[0].transcribed.text == "aaaa bbbb cc,")
        #expect(segments[0].transcribed.confidence == 1)
    }

    @Test func `an answer of nothing but text is one segment over the whole clip`() throws {
        let segments = try Self.segments(#"{"text":" One two. "}"#, within: 8_000)
        #expect(Self.timed(segments) == ["0-3428~One", "3428-8000~two."])
        #expect(try Self.segments(#"{"text":"  "}"#) == [])
        #expect(try Self.segments(#"{"text":"","segments":[],"words":[]}"#) == [])
    }

    @Test func `top-level words alone, without segments, tell the times of the text`() throws {
        let segments = try Self.segments(
            #"{"text":"One, two","words":[{"word":"One","start":1,"end":2},{"word":"two","start":3,"end":4}]}"#)
        #expect(Self.timed(segments) == ["1000-2000 One,", "3000-4000 two"])
        #expect((segments[0].start, segments[0].end) == (1000, 4000))
    }

    @Test func `Chinese words join without spaces, with the punctuation of the text`() throws {
        let segments = try Self.segments(
            """
            {"segments":[{"start":0,"end":3,"text":"今天，天气「很好」。OK 吗"}],
             "words":[{"word":"今天","start":0,"end":0.6},{"word":"天","start":0.6,"end":0.8},{"word":"气","start":0.8,"end":1.0},
                      {"word":"很好","start":1.0,"end":2.0},{"word":"OK","start":2.0,"end":2.5},{"word":"吗","start":2.5,"end":3.0}]}
            """)
        #expect(
            Self.timed(segments) == [
                "0-600 今天，", "600-800 天", "800-1000 气", "1000-2000 「很好」。", "2000-2500 OK", "2500-3000 吗",
            ])
        #expect(segments[0].transcribed.text == "今天，天气「很好」。OK 吗")
    }

    @Test func `characters that a token list broke take the time between those around them`() throws {
        let segments = try Self.segments(
            """
            {"segments":[{"start":0,"end":3,"text":"我有鱷魚嗎","words":[
                {"word":"我有","start":0,"end":1},{"word":"\\uFFFD","start":1,"end":1.2},{"word":"\\uFFFD","start":1.2,"end":1.5},
                {"word":"魚","start":2,"end":2.5},{"word":"嗎","start":2.5,"end":3}]}]}
            """)
        #expect(Self.timed(segments) == ["0-1000 我有", "1000-2000~鱷", "2000-2500 魚", "2500-3000 嗎"])
    }

    @Test func `a word that the list lacks, or spells otherwise, is not lost`() throws {
        let segments = try Self.segments(
            """
            {"segments":[{"start":0,"end":5,"text":"It cost twenty dollars in all"}],
             "words":[{"word":"It","start":0,"end":0.5},{"word":"cost","start":0.5,"end":1},{"word":"$20","start":1,"end":2},
                      {"word":"in","start":3,"end":3.5},{"word":"all","start":3.5,"end":4}]}
            """)
        #expect(
            Self.timed(segments) == [
                "0-500 It", "500-1000 cost", "1000-1923~twenty", "1923-3000~dollars", "3000-3500 in", "3500-4000 all",
            ])
    }

    @Test func `segments without times follow one another, and come in order of time`() throws {
        let segments = try Self.segments(
            #"{"segments":[{"text":"b","start":4,"end":5},{"text":"a","start":1,"end":2},{"text":"c"},{"text":" . "}]}"#
        )
        #expect(segments.map(\.words[0].text) == ["a", "c", "b"])
        #expect(segments.map(\.start) == [1000, 2000, 4000])
    }

    @Test(arguments: [(9.5, 9.9), (0.0, 0.1), (99.0, 99.5), (-7.0, 8.0), (4.0, 1.0)])
    func `one absurd time moves no other word, listed beside the text or in its segment`(start: Double, end: Double)
        throws
    {
        let words = (0..<9).map { (index: Int) -> String in
            let from = index == 4 ? start : Double(index) + 0.5
            let until = index == 4 ? end : Double(index) + 0.9
            return #"{"word":" w\#(index)","start":\#(from),"end":\#(until)}"#
        }
        let texts = [" w0 w1 w2", " w3 w4 w5", " w6 w7 w8"]
        var beside: [String] = []
        var within: [String] = []
        for (index, text) in texts.enumerated() {
            let span = #""start":\#(index * 3),"end":\#(index * 3 + 3),"text":"\#(text)""#
            let own = words[index * 3..<index * 3 + 3].joined(separator: ",")
            beside.append("{\(span)}")
            within.append(#"{\#(span),"words":[\#(own)]}"#)
        }
        for json in [
            #"{"segments":[\#(beside.joined(separator: ","))],"words":[\#(words.joined(separator: ","))]}"#,
            #"{"segments":[\#(within.joined(separator: ","))]}"#,
        ] {
            let heard = try Self.segments(json)
            #expect(heard.map(\.transcribed.text) == texts.map { String($0.dropFirst()) })
            let timed = heard.flatMap(\.words)
            for index in 0..<9 where index != 4 { #expect(timed[index].start == Int64(index) * 1_000 + 500, "\(json)") }
            #expect(timed[3].start <= timed[4].start && timed[4].end <= timed[5].start)
        }
    }

    @Test func `segments that cross by a little keep the order in which they are listed`() throws {
        let segments = try Self.segments(
            #"{"segments":[{"text":"a b c","start":1,"end":3},{"text":"d e f","start":0.9,"end":5},{"text":"g","start":6,"end":7}]}"#
        )
        #expect(segments.map(\.transcribed.text) == ["a b c", "d e f", "g"])
    }

    @Test(arguments: ["{}", #"{"error":"no model"}"#, "[]", #"{"segments":[1]}"#, #"{"text":null}"#, "<html>", ""])
    func `what is no answer is not taken for silence`(body: String) {
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(WhisperResponse.self, from: Data(body.utf8))
        }
    }

    @Test(arguments: [
        "1e300", "-1e300", "1e19", "9.3e15", "-0.5", "99", "\"NaN\"", "\"inf\"", "null", "\"x\"", "[]", "1e999",
    ])
    func `no number that a server sends lies outside the clip, or ends the process`(number: String) throws {
        let word = #"{"word":" x","start":\#(number),"end":\#(number),"probability":\#(number)}"#
        let segments = try Self.segments(
            #"{"segments":[{"start":\#(number),"end":\#(number),"text":" x x","avg_logprob":\#(number),"words":[\#(word),\#(word)]}]}"#
        )
        let words = segments.flatMap(\.words)
        #expect(words.count == 2)
        for time in segments.flatMap({ [$0.start, $0.end] }) + words.flatMap({ [$0.start, $0.end] }) {
            #expect((0...10_000).contains(time))
        }
        #expect(words.allSatisfy { (0...1).contains($0.confidence ?? 0) })
    }

    @Test func `whatever a list says of a text, the text's words come out, in order of time`() throws {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("ab c, .-你好🎵\u{FFFD}é").map(String.init)
        for _ in 0..<500 {
            func text(_ longest: Int) -> String {
                (0..<Int.random(in: 0...longest, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? ""
                }
                .joined()
            }
            let words = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                [
                    "word": text(4), "start": Double.random(in: -1...12, using: &random),
                    "end": Double.random(in: -1...12, using: &random),
                ]
                    as [String: Any]
            }
            let said = text(30)
            let object: [String: Any] = ["segments": [["start": 1, "end": 9, "text": said, "words": words]]]
            let data = try JSONSerialization.data(withJSONObject: object)
            let segments = try JSONDecoder().decode(WhisperResponse.self, from: data).segments(within: 10_000)
            for segment in segments {
                let times = segment.words.flatMap { [$0.start, $0.end] }
                #expect(segment.words.map(\.start) == segment.words.map(\.start).sorted(), "\(object)")
                #expect(times.allSatisfy { (0...10_000).contains($0) })
                if said.contains(where: { $0.isLetter }) {
                    #expect(segment.transcribed.text == said.split(separator: " ").joined(separator: " "))
                }
            }
            if said.contains(where: \.isLetter) { #expect(segments.count == 1) }
        }
    }
}
