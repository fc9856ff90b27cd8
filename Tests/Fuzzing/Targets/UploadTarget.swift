import API
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tenancy
import TestSupport

/// `UploadReader`: an upload's `Content-Type` and body, into a spool on disk.
///
/// The input is a line with the content type, then the body. An accepted form has the fields and the file that the parser alone finds, within their
/// limits. Every refusal is an error of the API's, and nothing stays in the spool.
struct UploadTarget: FuzzTarget {
    private static let fileLimitBytes: Int64 = 4_096
    private static let account = TenantID(unchecked: "ten_fuzz")

    let longest = 40_960
    let dictionary =
        MultipartTarget().dictionary + [
            "multipart/form-data", "; boundary=b", "boundary=\"b\"", "boundary=", "charset=utf-8", "multipart/mixed",
            "name=\"file\"", "name=\"language\"", "\n",
        ]
    let seeds: [[UInt8]]
    private let spool: Spool

    /// - Parameter folder: where the spool is made.
    init(folder: String) async throws {
        spool = try await Spool.open(at: folder, budgetBytes: 64 << 20)
        let forms = MultipartTarget().seeds.flatMap { form in
            ["multipart/form-data; boundary=b\n", "multipart/form-data\n", "Multipart/Form-Data;boundary=\"b\";x=y\n"]
                .map { Array($0.utf8) + form }
        }
        let field = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n"
        let long = field + String(repeating: "x", count: 16_384) + "\r\n--b--"
        seeds = forms + [Array("multipart/form-data; boundary=b\n\(long)".utf8)]
    }

    func check(_ input: [UInt8]) async throws -> String {
        let line = input.prefix { $0 != UInt8(ascii: "\n") }
        let body = Array(input.dropFirst(line.count + 1))
        let type = String(decoding: line, as: UTF8.self)
        var dice = SeededGenerator(seed: UInt64(input.count))
        let pieces = UploadBody(body, cut: { _ in 1 + Int(dice.next() % 2_000) })
        let answer: String
        do {
            let request = pieces.request(type: type)
            let upload = try await UploadReader(spool: spool).read(
                request, of: Self.account, fileLimitBytes: Self.fileLimitBytes)
            // A field that holds a line end is changed before anybody reads it.
            let sent = request.headers[.contentType].flatMap { HeaderValue($0) }
            answer = try check(upload, body, boundary: sent?.parameters["boundary"])
        } catch let error as APIError {
            try require((400..<500).contains(error.code.status), "an upload is answered \(error)")
            answer = "\(error.code) \(error.message.prefix(60))"
        }
        // Files are removed on the spool's own threads.
        while spool.usedBytes > 0 { await Task.yield() }
        return answer
    }

    private func check(_ upload: Upload, _ body: [UInt8], boundary: String?) throws -> String {
        let reading = MultipartReading(body, boundary: boundary, cut: { $0 })
        try require(reading.fault == nil, "an upload was read although \(reading)")
        let (files, fields) = (
            reading.parts.filter { $0.name == "file" }, reading.parts.filter { $0.name != "file" }
        )
        try require(
            files.count == 1 && fields.allSatisfy { $0.filename == nil }, "an upload was read although \(reading)")
        let sizes = fields.map(\.bytes.count)
        try require(
            sizes.allSatisfy { $0 <= UploadForm.maximumFieldBytes }
                && sizes.reduce(0, +) <= UploadForm.maximumFieldsBytes, "the fields have \(sizes) bytes")
        let sent = Dictionary(fields.map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
        try require(sent.count == fields.count, "a field came twice")
        try require(upload.fields.mapValues { Array($0.utf8) } == sent, "the fields are not those that were sent")
        let stored = try Data(contentsOf: URL(filePath: upload.file.path))
        try require(
            Array(stored) == files[0].bytes && upload.file.bytes == Int64(stored.count)
                && upload.file.bytes <= Self.fileLimitBytes, "the file is not the one that was sent")
        return "upload \(fields.count) \(min(stored.count, 2)) \(upload.file.originalName == "upload")"
    }
}

/// A request's body in pieces.
struct UploadBody: AsyncSequence, Sendable {
    private let pieces: [ByteBuffer]

    init(_ bytes: [UInt8], cut: (Int) -> Int) {
        var pieces: [ByteBuffer] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Swift.max(1, cut(rest.count)))
            pieces.append(ByteBuffer(bytes: piece))
            rest = rest[piece.endIndex...]
        }
        self.pieces = pieces
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        mutating func next() async throws -> ByteBuffer? { rest.popFirst() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces[...]) }

    func request(type: String) -> Request {
        var fields = HTTPFields()
        fields[.contentType] = type
        return Request(
            head: HTTPRequest(method: .post, scheme: "http", authority: "test", path: "/", headerFields: fields),
            body: RequestBody(asyncSequence: self))
    }
}
