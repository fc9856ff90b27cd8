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
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).\(ending)")
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(String(decoding: bytes, as: UTF8.self) == golden)
    }
}
