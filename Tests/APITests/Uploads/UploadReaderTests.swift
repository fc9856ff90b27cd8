import API
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TestSupport
import Testing

@Suite struct UploadReaderTests {
    private static let file = FormBody.part("file", "media", filename: "talk.mp3")

    /// Reads one request and, when it fails, proves that nothing stays in the spool.
    private func read(_ request: Request, limit: Int64 = 1_000_000, budget: Int64 = 100_000_000) async throws
        -> (fields: [String: String], name: String, bytes: Data)
    {
        var result: Result<([String: String], String, Data), any Error> = .failure(CancellationError())
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: budget)
            do {
                let upload = try await UploadReader(spool: spool).read(request, of: .alice, fileLimitBytes: limit)
                let data = try Data(contentsOf: URL(filePath: upload.file.path))
                result = .success((upload.fields, upload.file.originalName, data))
            } catch {
                result = .failure(error)
            }
            try await drained(spool)
        }
        let (fields, name, bytes) = try result.get()
        return (fields, name, bytes)
    }

    private func refusal(_ request: Request, limit: Int64 = 1_000_000, budget: Int64 = 100_000_000) async throws
        -> APIError
    {
        try #require(
            await #expect(throws: APIError.self) { _ = try await read(request, limit: limit, budget: budget) })
    }

    @Test func `fields may come before and after the file`() async throws {
        let form = FormBody.form(FormBody.part("diarize", "false"), Self.file, FormBody.part("language", "de"))
        let upload = try await read(form.request())
        #expect(upload.fields == ["diarize": "false", "language": "de"])
        #expect(upload.name == "talk.mp3")
        #expect(upload.bytes == Data("media".utf8))
    }

    @Test func `an array is given as JSON text, or element by element`() async throws {
        let terms = [FormBody.part("key_terms", "Norland \"Park\""), FormBody.part("key_terms", "Łódź, 2")]
        let rest = [
            FormBody.part("replacements", #"{"from":["a"],"to":"b"}"#), FormBody.part("redact", "email"),
            FormBody.part("languages", #" ["en","de"]"#), Self.file,
        ]
        let upload = try await read(FormBody.form((terms + rest).joined()).request())
        #expect(
            upload.fields == [
                "key_terms": #"["Norland \"Park\"","Łódź, 2"]"#, "replacements": #"[{"from":["a"],"to":"b"}]"#,
                "redact": #"["email"]"#, "languages": #" ["en","de"]"#,
            ])
    }

    @Test func `a file without a name is a file`() async throws {
        #expect(try await read(FormBody.form(FormBody.part("file", "x")).request()).name == "upload")
    }

    @Test(arguments: [
        ("/etc/passwd", "passwd"), (#"C:\a\b.mp3"#, "b.mp3"), ("..", "upload"), ("a\u{202E}3pm.exe", "a3pm.exe"),
        ("  \u{7F}x.mp3 ", "x.mp3"), (String(repeating: "x", count: 254) + " y", String(repeating: "x", count: 254)),
        (String(repeating: "ü", count: 200), String(repeating: "ü", count: 127)),
    ])
    func `the file's name is made fit for display`(sent: String, shown: String) async throws {
        let name = sent.replacing("\\", with: "\\\\")
        #expect(try await read(FormBody.form(FormBody.part("file", "x", filename: name)).request()).name == shown)
    }

    @Test func `a form without the file names the field`() async throws {
        let error = try await refusal(FormBody.form(FormBody.part("diarize", "true")).request())
        #expect(error.code == .invalidRequest)
        #expect(error.details["field"] == .text("file"))
    }

    @Test(arguments: [
        ("file", [file, file]), ("a", [FormBody.part("a", "1"), FormBody.part("a", "2"), file]),
        ("other", [FormBody.part("other", "x", filename: "x.mp3"), file]),
        ("big", [FormBody.part("big", String(repeating: "x", count: 32_769)), file]),
        (
            "f4",
            (0..<5).map { FormBody.part("f\($0)", String(repeating: "x", count: 24_000)) } + [file]
        ),
    ])
    func `a part that is too many or too large is named`(field: String, parts: [String]) async throws {
        let error = try await refusal(FormBody.form(parts.joined()).request())
        #expect(error.code == .invalidRequest)
        #expect(error.details["field"] == .text(field))
    }

    @Test func `a field that is not UTF-8 is named`() async throws {
        var body = ByteBuffer(string: String(FormBody.part("a", "").dropLast()))
        body.writeBytes([0xFF, 0xFE])
        body.writeString("\r\n\(Self.file)--bnd--")
        let error = try await refusal(FormBody(pieces: [body]).request())
        #expect(error.details["field"] == .text("a"))
    }

    @Test func `a file of exactly the limit passes, one byte more does not`() async throws {
        let body = FormBody.form(Self.file)
        #expect(try await read(body.request(), limit: 5).bytes.count == 5)
        let error = try await refusal(body.request(), limit: 4)
        #expect(error == APIError.fileTooLarge(limitBytes: 4))
        #expect(error.details["limit_bytes"] == .number(4))
    }

    @Test func `a declared length over the limit is refused before anything is read`() async throws {
        let body = FormBody.form(Self.file)
        let error = try await refusal(body.request(length: 2_000_000))
        #expect(error.code == .fileTooLarge)
        #expect(body.taken.count == 0)
    }

    @Test func `an undeclared file is refused as soon as the count passes the limit`() async throws {
        // Without the line end, which is one character: the file goes on.
        let start = ByteBuffer(string: String(Self.file.dropLast()))
        let body = FormBody(pieces: [start] + Array(repeating: ByteBuffer(repeating: 1, count: 300_000), count: 50))
        #expect(try await refusal(body.request()).code == .fileTooLarge)
        #expect(body.taken.count == 5)
    }

    @Test func `endless junk around the parts is refused`() async throws {
        let junk = Array(repeating: ByteBuffer(repeating: 1, count: 300_000), count: 50)
        let body = FormBody(pieces: junk)
        #expect(try await refusal(body.request()).code == .requestTooLarge)
        #expect(body.taken.count == 5)
    }

    @Test func `a body that ends too early is refused and leaves nothing`() async throws {
        let error = try await refusal(FormBody.form(Self.file, end: "").request())
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains("closing boundary"))
    }

    @Test(arguments: [nil, "application/json", "multipart/mixed; boundary=bnd", "text/plain"])
    func `another content type is 415`(type: String?) async throws {
        #expect(try await refusal(FormBody.form(Self.file).request(type: type)).code == .unsupportedMediaType)
    }

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func `a boundary that the content type does not name is the body's first line`(pieces length: Int) async throws {
        let text = Array((FormBody.part("language", "de") + Self.file + "--bnd--\r\n").utf8)
        let pieces = stride(from: 0, to: text.count, by: length).map {
            ByteBuffer(bytes: text[$0..<min($0 + length, text.count)])
        }
        let upload = try await read(FormBody(pieces: pieces).request(type: "multipart/form-data"))
        #expect(upload.fields == ["language": "de"] && upload.bytes == Data("media".utf8))
    }

    @Test(arguments: [
        "", "--", "--bnd", "--\r\n", "\r\n--bnd\r\n", "junk\r\n--bnd\r\n", "--b\u{FC}nd\r\n", "--bnd\n", "--bnd\rx",
        "--bnd \r\n", "--" + String(repeating: "b", count: 71) + "\r\n", String(repeating: "-", count: 1_000),
    ])
    func `a missing boundary is told`(start: String) async throws {
        let body = FormBody(pieces: [ByteBuffer(string: start)])
        let error = try await refusal(body.request(type: "multipart/form-data"))
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains("no boundary"))
    }

    @Test func `a full spool is 503 with Retry-After and tells nothing of the inside`() async throws {
        let error = try await refusal(FormBody.form(Self.file).request(), budget: 4)
        #expect(error.code == .transientError)
        #expect(error.headers[.retryAfter] == "30")
        #expect(!error.message.contains("/"))
    }
}
