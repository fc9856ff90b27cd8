import Foundation
import Pipeline
import Testing

@Suite struct WhisperAnswerTests {
    private static func segment(_ json: String) throws -> Transcript.Segment {
        try JSONDecoder().decode(WhisperAnswer.Segment.self, from: Data(json.utf8)).transcribed(within: 10_000)
    }

    @Test func `seconds become milliseconds, words keep how they join, and confidence is the words' mean`() throws {
        let segment = try Self.segment(
            """
            {"start":0.0,"end":1.2345,"text":" Well-known","avg_logprob":-0.1,"words":[
                {"word":" Well","start":0.0,"end":0.5,"probability":0.5},
                {"word":"-known","start":0.5,"end":1.2345,"probability":1.0}]}
            """)
        #expect(segment.text == "Well-known")
        #expect((segment.start, segment.end) == (0, 1235))
        #expect(segment.words.map(\.spaced) == [true, false])
        #expect(segment.confidence == 0.75)
    }

    @Test func `without words the text and the segment's own confidence stand`() throws {
        let segment = try Self.segment(#"{"start":1,"end":2,"text":" Hello. ","avg_logprob":0.0}"#)
        #expect(segment.text == "Hello.")
        #expect(segment.words == [])
        #expect(segment.confidence == 1)
    }

    @Test(arguments: ["1e300", "-1e300", "1e19", "9.3e15", "-0.5", "99"])
    func `no number that a server sends lies outside the piece, or ends the process`(number: String) throws {
        let segment = try Self.segment(
            #"{"start":\#(number),"end":\#(number),"text":"x","words":[{"word":"x","start":\#(number),"end":\#(number)}]}"#
        )
        for time in [segment.start, segment.end] + segment.words.flatMap({ [$0.start, $0.end] }) {
            #expect((0...10_000).contains(time))
        }
    }
}
