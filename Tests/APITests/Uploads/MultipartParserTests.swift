import API
import NIOCore
import TestSupport
import Testing

@Suite struct MultipartParserTests {
    private static let boundary = "XyZ-1"

    private func body(_ parts: [(headers: String, bytes: [UInt8])], preamble: String = "", epilogue: String = "\r\n")
        -> [UInt8]
    {
        var body = Array(preamble.utf8)
        for part in parts {
            body += Array("--\(Self.boundary)\r\n\(part.headers)\r\n\r\n".utf8) + part.bytes + Array("\r\n".utf8)
        }
        return body + Array("--\(Self.boundary)--\(epilogue)".utf8)
    }

    private let field = "Content-Disposition: form-data; name=\"a\""

    @Test func `however a body is cut, the same parts come out`() throws {
        var random = SeededGenerator(seed: 1)
        // Made of the pieces of a boundary, so that look-alikes are everywhere.
        let alphabet = Array("\r\r\n\n--XyZ1\t ab".utf8)
        for _ in 0..<400 {
            let contents = (0..<3).map { _ in random.bytes(Int(random.next() % 300), of: alphabet) }
                .filter { !contains($0) }
            let body = body(contents.map { (field, $0) }, preamble: "ignored\r\n", epilogue: "\r\nmore")
            let whole = try MultipartTranscript.of(body, boundary: Self.boundary)
            #expect(whole.parts.map(\.bytes) == contents)
            #expect(whole.ended && whole.parts.allSatisfy(\.ended))
            let cut = try MultipartTranscript.of(body, boundary: Self.boundary) { _ in Int(random.next() % 40) + 1 }
            #expect(cut == whole)
            let single = try MultipartTranscript.of(body, boundary: Self.boundary) { _ in 1 }
            #expect(single == whole)
        }
    }

    /// Whether content would be a boundary by itself, in which case no sender may use it.
    private func contains(_ content: [UInt8]) -> Bool {
        String(decoding: Array("\r\n".utf8) + content + Array("\r\n".utf8), as: UTF8.self)
            .utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .contains { String($0)?.hasPrefix("--\(Self.boundary)") == true }
    }

    @Test func `a line that only begins like the boundary is content`() throws {
        let content = Array("\r\n--XyZ-12\r\n--XyZ-1x--\r\n--XyZ-1 \tz\r\n--XyZ-\r\n--XyZ-1-\r\n\r".utf8)
        let body = body([(field, content)])
        for length in 1...body.count {
            let found = try MultipartTranscript.of(body, boundary: Self.boundary) { _ in length }
            #expect(found.parts.map(\.bytes) == [content])
        }
    }

    @Test func `a body that ends too early is never taken for a whole one`() throws {
        let body = body([(field, Array("hello".utf8)), (field, [])], epilogue: "")
        for length in 0..<body.count {
            #expect(throws: MultipartError.truncated) {
                try MultipartTranscript.of(Array(body.prefix(length)), boundary: Self.boundary)
            }
        }
        #expect(try MultipartTranscript.of(body, boundary: Self.boundary).parts.count == 2)
    }

    @Test func `white space may stand behind a boundary, within reason`() throws {
        let padded = Array("--XyZ-1 \t \r\n\(field)\r\n\r\nhi\r\n--XyZ-1-- \r\n".utf8)
        #expect(try MultipartTranscript.of(padded, boundary: Self.boundary).parts.map(\.bytes) == [Array("hi".utf8)])
        let endless = Array("--XyZ-1".utf8) + Array(repeating: UInt8(ascii: " "), count: 100_000)
        #expect(throws: MultipartError.truncated) { try MultipartTranscript.of(endless, boundary: Self.boundary) }
    }

    @Test func `a form without parts is empty`() throws {
        let found = try MultipartTranscript.of(Array("--XyZ-1--".utf8), boundary: Self.boundary)
        #expect(found == MultipartTranscript(parts: [], ended: true))
    }

    @Test func `what follows the closing boundary is dropped`() throws {
        let more = body([(field, [1])]) + body([(field, [2])])
        #expect(try MultipartTranscript.of(more, boundary: Self.boundary) { _ in 7 }.parts.map(\.bytes) == [[1]])
    }

    @Test(arguments: [1, 100, 1_000_000])
    func `headers without an end are refused before they fill the memory`(piece: Int) throws {
        let body = Array("--XyZ-1\r\nX: ".utf8) + Array(repeating: UInt8(ascii: "a"), count: 20_000)
        #expect(throws: MultipartError.headersTooLarge(limitBytes: 16_384)) {
            try MultipartTranscript.of(body, boundary: Self.boundary) { _ in piece }
        }
    }

    @Test func `too many parts are refused`() throws {
        let allowed = Array(repeating: (headers: field, bytes: [UInt8]()), count: 512)
        #expect(try MultipartTranscript.of(body(allowed), boundary: Self.boundary).parts.count == 512)
        #expect(throws: MultipartError.tooManyParts(limit: 512)) {
            try MultipartTranscript.of(body(allowed + [(field, [])]), boundary: Self.boundary)
        }
    }

    @Test(arguments: ["", String(repeating: "a", count: 71), "a\r\nb", "a\"b", "ends in space ", "ü"])
    func `a boundary that RFC 2046 does not know is refused`(boundary: String) {
        #expect(throws: MultipartError.invalidBoundary) { try MultipartParser(boundary: boundary) }
    }

    @Test func `a boundary of 70 characters works`() throws {
        let boundary = String(repeating: "'()+_,-./:=? b", count: 5)
        let body = Array("--\(boundary)\r\n\(field)\r\n\r\nx\r\n--\(boundary)--".utf8)
        #expect(try MultipartTranscript.of(body, boundary: boundary).parts.map(\.bytes) == [[UInt8(ascii: "x")]])
    }

    @Test func `random bytes never do more than fail`() {
        var random = SeededGenerator(seed: 2)
        let alphabet = Array("\r\n-- :;=\"%XyZ-1Content-Disposition: form-data; name=\"".utf8) + [0, 0xFF, 0x80]
        var failures = 0
        for _ in 0..<3_000 {
            let prefix = random.next() % 2 == 0 ? Array("--XyZ-1\r\n\(field)".utf8) : []
            let body = prefix + random.bytes(Int(random.next() % 400), of: alphabet)
            do {
                _ = try MultipartTranscript.of(body, boundary: Self.boundary) { _ in Int(random.next() % 9) + 1 }
            } catch {
                failures += 1
            }
        }
        #expect(failures > 2_900)
    }
}
