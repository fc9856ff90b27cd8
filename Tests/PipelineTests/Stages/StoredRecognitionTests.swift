import Foundation
import Pipeline
import Testing

@Suite struct StoredRecognitionTests {
    @Test func `a chunk that was recognized before version 4 of the schema is still understood`() throws {
        let old = #"{"engine":"whisper_base","model":"whisper_base","segments":[{"s":0,"e":900,"t":"Hello.","w":[]}]}"#
        let heard = try JSONDecoder().decode(StoredRecognition.self, from: Data(old.utf8))
        #expect(heard.recognition.engine == "whisper_base")
        #expect(heard.recognition.segments.map(\.text) == ["Hello."])
        #expect(heard.levels == nil)
    }

    @Test func `levels come back with their segments`() throws {
        let segment = Transcript.Segment(start: 0, end: 900, text: "Hello.")
        var heard = StoredRecognition(recognition: Recognition(engine: "e", model: "m", segments: [segment]))
        heard.levels = [-21.5]
        let again = try JSONDecoder().decode(StoredRecognition.self, from: try JSONEncoder().encode(heard))
        #expect(again.levels == [-21.5])
        #expect(again.recognition.segments == [segment])
    }
}
