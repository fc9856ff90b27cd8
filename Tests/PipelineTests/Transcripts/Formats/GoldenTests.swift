import Foundation
import Pipeline
import Testing

/// Whole transcripts as customers get them, under `Golden/`, a file for each format: a line with the sample's name, then the transcript and
/// a line end; at last `end`. A deliberate change of a format changes them by hand.
@Suite struct GoldenTests {
    @Test(arguments: TranscriptFormat.allCases)
    func `an interview reads as agreed`(format: TranscriptFormat) throws {
        try expect(Samples.interview, format, named: "interview")
    }

    @Test(arguments: TranscriptFormat.allCases)
    func `all the world's scripts read as agreed`(format: TranscriptFormat) throws {
        try expect(Samples.scripts, format, named: "scripts")
    }

    @Test(arguments: TranscriptFormat.allCases)
    func `an Arabic conversation reads as agreed`(format: TranscriptFormat) throws {
        try expect(Samples.arabic, format, named: "arabic")
    }

    private func expect(_ transcript: Transcript, _ format: TranscriptFormat, named name: String) throws {
        var bytes = transcript.rendered(as: format, title: "Rivers.mp3")
        var ending = format.fileExtension
        if format == .docx {
            // Of the Word document the part with the words; the others say the same in every document.
            bytes = try #require(StoredArchive(bytes).entries["word/document.xml"])
            ending = "docx.xml"
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/samples.\(ending)")
        let samples = Array(try Data(contentsOf: file))
        let parts = samples.split(separator: Array("===== \(name) =====\n".utf8), omittingEmptySubsequences: false)
        try #require(parts.count == 2, "Golden/samples.\(ending) has no \(name), or several")
        let golden = parts[1].split(separator: Array("\n=====".utf8), omittingEmptySubsequences: false)[0]
        #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
    }
}
