import API
import HTTPTypes
import NIOCore
import TestSupport
import Testing

/// Bodies that come compressed: we read none, and say so before any of it is read.
@Suite struct ContentCodingTests {
    private static let codings = [
        "gzip", "GZIP", "br", "zstd", "deflate", "x-gzip", "identity, gzip", "aes128gcm", "gzip,",
    ]

    private func expectRefusal(_ body: FormBody, _ coding: String, _ read: () async throws -> Void) async throws {
        let error = try #require(await #expect(throws: APIError.self) { try await read() })
        #expect(error.code == .unsupportedMediaType, "\(coding)")
        #expect(error.headers[.acceptEncoding] == "identity", "\(coding)")
        #expect(error.message.contains("Content-Encoding"), "\(coding)")
        #expect(body.taken.count == 0)
    }

    @Test(arguments: codings)
    func `a JSON body in a coding that we do not read is 415, unread`(coding: String) async throws {
        let body = FormBody(pieces: [ByteBuffer(string: "{}")])
        try await expectRefusal(body, coding) {
            _ = try await JSONBody.read(body.request(type: "application/json", coding: coding), limitBytes: 100)
        }
    }

    @Test(arguments: codings)
    func `a form in a coding that we do not read is 415, unread`(coding: String) async throws {
        let form = FormBody.form(FormBody.part("file", "x"))
        try await TemporaryFolder.with { root in
            let reader = UploadReader(spool: try await Spool.open(at: root, budgetBytes: 1_000_000))
            try await expectRefusal(form, coding) {
                _ = try await reader.read(form.request(coding: coding), of: .alice, fileLimitBytes: 1_000)
            }
        }
    }

    @Test(arguments: ["", "identity", "Identity", " identity , identity"])
    func `a body that says it is as it is, is read`(coding: String) async throws {
        let body = FormBody(pieces: [ByteBuffer(string: "{}")])
        #expect(
            try await JSONBody.read(body.request(type: "application/json", coding: coding), limitBytes: 100)
                == Array("{}".utf8))
    }

    @Test func `another content type is refused without a word about codings`() async throws {
        let body = FormBody(pieces: [ByteBuffer(string: "{}")])
        let error = try #require(
            await #expect(throws: APIError.self) {
                try await JSONBody.read(body.request(type: "text/plain"), limitBytes: 100)
            })
        #expect(error.code == .unsupportedMediaType && error.headers[.acceptEncoding] == nil)
    }
}
