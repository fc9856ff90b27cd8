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
