import Foundation
import Pipeline
import Testing

/// Whole files as customers get them, under `Golden/`. A deliberate change of a format changes them by hand.
@Suite struct GoldenTests {
    @Test(arguments: TranscriptFormat.allCases)
    func `an interview reads as agreed`(format: TranscriptFormat) throws {
        try expect(Samples.interview, format, named: "interview")
    }

    @Test(arguments: TranscriptFormat.allCases)
    func `all the world's scripts read as agreed`(format: TranscriptFormat) throws {
        try expect(Samples.scripts, format, named: "scripts")
    }

    private func expect(_ transcript: Transcript, _ format: TranscriptFormat, named name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/\(name).\(format.fileExtension)")
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(String(decoding: transcript.rendered(as: format), as: UTF8.self) == golden)
    }
}
