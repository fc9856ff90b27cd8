import API
import Testing

@Suite struct MultipartPartTests {
    private func part(_ headers: String) throws -> MultipartTranscript.Part {
        let body = Array("--b\r\n\(headers)\r\n\r\n\r\n--b--".utf8)
        return try #require(try MultipartTranscript.of(body, boundary: "b").parts.first)
    }

    @Test(arguments: [
        (#"name="file"; filename="talk.mp3""#, "file", "talk.mp3"),
        (#"name=file;filename=talk.mp3"#, "file", "talk.mp3"),
        (#"NAME="file" ; FileName="a;b=c.mp3";"#, "file", "a;b=c.mp3"),
        (#"name="file"; filename="say \"hi\" \\ there.mp3""#, "file", #"say "hi" \ there.mp3"#),
        (#"name="file"; filename="C:\music\talk.mp3""#, "file", #"C:\music\talk.mp3"#),
        (#"name="file"; filename="say %22hi%22 100%.mp3""#, "file", #"say "hi" 100%.mp3"#),
        (#"name="file"; filename="Grüße 🎙.mp3""#, "file", "Grüße 🎙.mp3"),
        (#"name="file"; filename="plain.mp3"; filename*=UTF-8'de'Gr%C3%BC%C3%9Fe.mp3"#, "file", "Grüße.mp3"),
        (#"name="file"; filename*=iso-8859-1''caf%E9.mp3"#, "file", "café.mp3"),
        (#"name="file"; filename="plain.mp3"; filename*=UTF-8''%FF%ZZ"#, "file", "plain.mp3"),
        (#"name="file"; filename="""#, "file", ""),
    ])
    func `names are read as clients send them`(parameters: String, name: String, filename: String) throws {
        let part = try part("content-disposition: form-data; \(parameters)")
        #expect(part.name == name)
        #expect(part.filename == filename)
    }

    private static let strange: [([UInt8], String)] = [
        // As Western Windows clients send them.
        ([0x63, 0x61, 0x66, 0xE9, 0x2E, 0x6D, 0x70, 0x33], "caf\u{E9}.mp3"),
        ([0x61, 0x80, 0x97, 0x62], "a\u{20AC}\u{2014}b"),
        // Bytes that windows-1252 does not have.
        ([0x81, 0x8D, 0x61], "\u{FFFD}\u{FFFD}a"),
        // Shift_JIS, which is not told: every byte is shown as something.
        ([0x83, 0x65, 0x83, 0x58], "\u{192}e\u{192}X"),
        // Broken in the middle of a character, as where a client cuts names at a number of bytes.
        (Array("Gr\u{FC}\u{DF}e \u{1F399}".utf8.dropLast()), "Gr\u{FC}\u{DF}e \u{FFFD}"),
        (Array("Gr\u{FC}".utf8.dropLast()), "Gr\u{C3}"),
    ]

    @Test(arguments: strange)
    func `a file name that is not UTF-8 is shown as best can be`(bytes: [UInt8], shown: String) throws {
        let head = Array(#"Content-Disposition: form-data; name="file"; filename=""#.utf8)
        let quote = [UInt8(ascii: "\"")]
        let body = Array("--b\r\n".utf8) + head + bytes + quote + Array("\r\nX-Other: ".utf8) + bytes
        let part = try #require(
            try MultipartTranscript.of(body + Array("\r\n\r\n\r\n--b--".utf8), boundary: "b").parts.first)
        #expect(part.name == "file" && part.filename == shown)
    }

    @Test(arguments: [
        (#"name="file"; filename*=windows-1252''caf%E9.mp3"#, "caf\u{E9}.mp3"),
        (#"name="file"; filename*=UTF-8''caf%E9.mp3"#, "caf\u{E9}.mp3"),
        (#"name="file"; filename*=koi8-r''%F0; filename="plain.mp3""#, "plain.mp3"),
        (#"name="file"; filename*=koi8-r''x.mp3"#, "x.mp3"),
        (#"name="file"; filename=talk one.mp3"#, "talk one.mp3"),
        (#"name="file"; filename="say "hi" there.mp3""#, #"say "hi" there.mp3"#),
        (#"name="file"; filename="a.mp3"; filename="b.mp3""#, "a.mp3"),
        (#"name="file"; filename="half"#, "half"),
        (#"name="file"; filename="#, ""),
    ])
    func `a file name in an odd form never refuses the upload`(parameters: String, shown: String) throws {
        let part = try part("Content-Disposition: form-data; \(parameters)")
        #expect(part.name == "file" && part.filename == shown)
    }

    @Test(arguments: [
        #"name="file"; filename="a" b; name="other""#, #"name="file"; filename="a"b"; NAME=other"#,
        #"filename="a" b; name="file""#,
    ])
    func `a name that two readers could understand differently is refused, beside whatever file name`(
        parameters: String
    ) {
        #expect(throws: MultipartError.malformedHeaders) {
            try part("Content-Disposition: form-data; \(parameters)")
        }
    }

    @Test func `a field's own name has to be UTF-8`() {
        let body = Array("--b\r\nContent-Disposition: form-data; name=\"caf".utf8) + [0xE9]
        #expect(throws: MultipartError.malformedHeaders) {
            try MultipartTranscript.of(body + Array("\"\r\n\r\n\r\n--b--".utf8), boundary: "b")
        }
    }

    @Test func `a field has no file name`() throws {
        #expect(try part(#"Content-Disposition: form-data; name="a""#).filename == nil)
    }

    @Test(arguments: [
        "Content-Type: text/plain", #"Content-Disposition: attachment; name="a""#, "Content-Disposition: form-data",
        #"Content-Disposition: form-data; name="""#,
    ])
    func `a part without a form name is refused`(headers: String) {
        #expect(throws: MultipartError.noName) { try part(headers) }
    }

    @Test(arguments: [
        "no colon", " folded: line", "Content-Disposition: form-data; name=\"a", "Content-Disposition: form-data; name",
        #"Content-Disposition: form-data; name="a" b"#, #"Content-Disposition: form-data; name="a"; name="b""#,
        "Content-Disposition: form-data; name=\"a\"\nX: y", "Content-Disposition: form-data; name=\"a\u{0}\"",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
    ])
    func `headers that two readers could understand differently are refused`(headers: String) {
        #expect(throws: MultipartError.malformedHeaders) { try part(headers) }
    }

    @Test func `an encoded part is refused, not stored as it is`() throws {
        let name = #"Content-Disposition: form-data; name="a""#
        #expect(throws: MultipartError.encodedPart) { try part("\(name)\r\nContent-Transfer-Encoding: base64") }
        #expect(try part("\(name)\r\nContent-Transfer-Encoding: Binary").name == "a")
    }
}
