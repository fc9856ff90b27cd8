import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct NegotiationTests {
    @Test(
        arguments: [
            (nil, .json), ("", .json), ("*/*", .json), ("text/plain", .txt), ("text/*", .txt), ("TEXT/VTT", .vtt),
            ("application/x-subrip", .srt), ("text/srt", .srt), ("application/srt;q=0.3", .srt),
            ("application/json; charset=utf-8", .json), ("text/vtt;q=0.5, text/plain;q=0.8", .txt),
            ("text/plain, application/json", .json), ("text/vtt, */*", .vtt), ("*/*, text/vtt;q=0.9", .json),
            ("application/json;q=0, */*", .txt), ("text/*;q=0.4, text/vtt;q=0", .txt),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .json), ("image/png", .json),
            ("text/vtt;q=2", .json), ("text/vtt;q=x, text/plain;q=0.1", .txt), (";;,,/ ,q=1", .json),
            ("text/vtt;q=nan", .json),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", .docx),
            ("text/vtt;q=0.5, application/vnd.openxmlformats-officedocument.wordprocessingml.document;q=0.6", .docx),
            ("application/*", .json), ("application/json;q=0, application/*", .srt), ("application/msword", .json),
        ] as [(String?, TranscriptFormat)])
    func `Accept decides`(accept: String?, format: TranscriptFormat) {
        #expect(TranscriptFormat.negotiate(accept: accept) == format)
    }

    @Test func `any bytes in Accept give some format`() {
        var random = SeededGenerator(seed: 7)
        let letters = Array("text/vtt,;q=0.1*/ \"\\=é")
        for _ in 0..<2_000 {
            let header = String((0..<80).compactMap { _ in letters.randomElement(using: &random) })
            #expect(TranscriptFormat.allCases.contains(.negotiate(accept: header)))
        }
        #expect(TranscriptFormat.negotiate(accept: String(repeating: "a/b,", count: 10_000) + "text/vtt") == .json)
    }

    @Test func `a format's own content type names it`() {
        for format in TranscriptFormat.allCases {
            #expect(TranscriptFormat(mediaType: format.contentType) == format)
            #expect(TranscriptFormat(rawValue: format.fileExtension) == format)
        }
        #expect(TranscriptFormat(mediaType: "text/html") == nil)
        #expect(TranscriptFormat.srt.contentType == "application/x-subrip; charset=utf-8")
        #expect(TranscriptFormat.json.contentType == "application/json")
        #expect(
            TranscriptFormat.docx.contentType
                == "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
    }

    @Test func `the API's description names every format, in order, and what it is sent as`() throws {
        let bytes = try Data(contentsOf: URL(filePath: Checkout.root + "/openapi.json"))
        var node = try JSONSerialization.jsonObject(with: bytes)
        func member(_ path: String...) throws -> Any {
            try path.reduce(node) { try #require(($0 as? [String: Any])?[$1], "\($1)") }
        }
        node = try member("paths", "/jobs/{id}/transcript", "get")
        let parameters = try #require(try member("parameters") as? [[String: Any]])
        let schema = parameters.first { $0["name"] as? String == "format" }?["schema"] as? [String: Any]
        let names = TranscriptFormat.allCases.map(\.rawValue)
        #expect(schema?["enum"] as? [String] == names)
        let content = try #require(try member("responses", "200", "content") as? [String: Any])
        let types = TranscriptFormat.allCases.map { String($0.contentType.prefix { $0 != ";" }) }
        #expect(Set(content.keys) == Set(types))
        let refusal = try member("responses", "400", "content", "application/problem+json", "example", "message")
        #expect((refusal as? String)?.contains(names.joined(separator: ", ")) == true, "\(refusal)")
    }
}
