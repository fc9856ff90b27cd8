import API
import Addresses
import Egress
import Foundation
import JSON
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// What `POST /jobs` takes as JSON.
@Suite struct URLSubmissionTests {
    private static func read(_ text: String, policy: AddressPolicy = AddressPolicy()) throws -> URLSubmission {
        try URLSubmission(Array(text.utf8), policy: policy)
    }

    private static func refusal(_ text: String) throws -> APIError {
        try #require(#expect(throws: APIError.self) { _ = try read(text) })
    }

    @Test func `all fields are read, and metadata keeps its spelling`() throws {
        let submission = try Self.read(
            """
            {"source_url": "https://example.org/a.mp3?sig=x%2F", "diarize" : false, "language":"de",
             "speakers_expected": 3, "metadata": { "n" :1e308, "t":"\\u00e4\\"}{" , "l":[1, {"a":[]}]} }
            """)
        #expect(submission.source.text == "https://example.org/a.mp3?sig=x%2F")
        #expect(submission.source.host == "example.org")
        #expect(!submission.options.diarize)
        #expect(submission.options.language.text == "de")
        #expect(submission.options.speakers == SpeakerCount(expected: 3))
        #expect(submission.options.metadata == #"{ "n" :1e308, "t":"\u00e4\"}{" , "l":[1, {"a":[]}]}"#)
    }

    @Test(arguments: [("28.0", 28), ("2.8e1", 28), ("32", 32), ("1E0", 1), ("10e-1", 1)])
    func `a whole number may be written as any JSON number`(written: String, count: Int) throws {
        let submission = try Self.read(#"{"source_url":"http://example.org","speakers_expected":\#(written)}"#)
        #expect(submission.options.speakers.expected == count)
    }

    @Test(arguments: ["28.5", "1e99", "1e-1", "33.0", "0.0", "-1.0"])
    func `a number that is not whole, or too large, is refused`(written: String) throws {
        let error = try Self.refusal(#"{"source_url":"http://example.org","speakers_expected":\#(written)}"#)
        #expect(error.details["field"] == .text("speakers_expected"))
    }

    @Test func `what is left out or null is as by default`() throws {
        let submission = try Self.read(
            #"{"source_url":"http://example.org","diarize":null,"language":null,"speakers_expected":null,"metadata":null,"webhook_url":null}"#
        )
        #expect(submission.options == JobOptions())
    }

    @Test(arguments: [
        (#"{}"#, "source_url"), (#"{"source_url":null}"#, "source_url"), (#"{"source_url":7}"#, "source_url"),
        (#"{"source_url":["http://a.example"]}"#, "source_url"), (#"{"source_url":""}"#, "source_url"),
        (#"{"source_url":"http://"}"#, "source_url"), (#"{"source_url":"http://a b.example"}"#, "source_url"),
        (#"{"source_url":"http://a.example","diarize":"true"}"#, "diarize"),
        (#"{"source_url":"http://a.example","diarize":1}"#, "diarize"),
        (#"{"source_url":"http://a.example","language":"xx"}"#, "language"),
        (#"{"source_url":"http://a.example","language":false}"#, "language"),
        (#"{"source_url":"http://a.example","speakers_expected":"3"}"#, "speakers_expected"),
        (#"{"source_url":"http://a.example","speakers_expected":0}"#, "speakers_expected"),
        (#"{"source_url":"http://a.example","speakers_min":3,"speakers_max":2}"#, "speakers_min"),
        (#"{"source_url":"http://a.example","speakers_max":33}"#, "speakers_max"),
        (#"{"source_url":"http://a.example","speakers_min":"2"}"#, "speakers_min"),
        (#"{"source_url":"http://a.example","speakers_max":3,"speakers_expected":4}"#, "speakers_expected"),
        (#"{"source_url":"http://a.example","speakers_expected":2.5}"#, "speakers_expected"),
        (#"{"source_url":"http://a.example","metadata":"{}"}"#, "metadata"),
        (#"{"source_url":"http://a.example","metadata":[]}"#, "metadata"),
        (#"{"source_url":"http://a.example","metadata":{"a":"\u0000"}}"#, "metadata"),
        (#"{"source_url":"http://a.example","file":"x"}"#, "file"), (#"{"file":"x"}"#, "file"),
        (#"{"source_url":"http://a.example","colour":"red"}"#, "colour"),
        (#"{"source_url":"http://a.example","colour":{"a":1}}"#, "colour"),
        (#"{"source_url":"http://a.example","source_url":"http://b.example"}"#, "source_url"),
        (#"{"source_url":"http://a.example","source\u005furl":"http://b.example"}"#, "source_url"),
    ])
    func `the field at fault is named`(body: String, field: String) throws {
        let error = try Self.refusal(body)
        #expect(error.code == .invalidRequest)
        #expect(error.details["field"] == .text(field))
    }

    @Test(arguments: [
        "", "[]", "null", "\"x\"", "{", "{\"source_url\":\"http://a.example\"}x", "{'a':1}", "{\"a\":1,}", "\u{0}{}",
    ])
    func `what is no JSON object is refused`(body: String) throws {
        #expect(try Self.refusal(body).code == .invalidRequest)
    }

    @Test func `not in UTF-8 is not JSON`() throws {
        let text = #"{"source_url":"http://a.example"}"#
        for bytes in [
            Array(text.utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, [0xFF, 0xFE] + Array(text.utf8),
            Array(text.utf8) + [0xC3],
        ] {
            #expect(throws: APIError.self) { _ = try URLSubmission(bytes, policy: AddressPolicy()) }
        }
    }

    @Test func `not one hostile URL is taken, and each is told apart from a mistake`() throws {
        for url in HostileURLs.all(port: 8080) {
            let body = try JSONSerialization.data(withJSONObject: ["source_url": url])
            let error = try #require(
                #expect(throws: APIError.self, "\(url)") { _ = try URLSubmission(Array(body), policy: AddressPolicy()) }
            )
            #expect([.sourceURLRefused, .invalidRequest].contains(error.code), "\(url)")
            #expect(error.details["field"] == .text("source_url"))
        }
        for host in [
            "127.0.0.1", "0x7f.1", "2130706433", "0177.1", "[::1]", "[::ffff:10.0.0.1]", "localhost", "169.254.169.254",
        ] {
            #expect(try Self.refusal(#"{"source_url":"http://\#(host)/"}"#).code == .sourceURLRefused, "\(host)")
        }
        #expect(try Self.refusal(#"{"source_url":"ftp://example.org/a"}"#).code == .sourceURLRefused)
        #expect(try Self.refusal(#"{"source_url":"http://me:secret@example.org/a"}"#).code == .sourceURLRefused)
        #expect(try !Self.refusal(#"{"source_url":"http://me:secret@example.org/a"}"#).message.contains("secret"))
    }

    @Test func `2048 bytes are taken, one more is not`() throws {
        let base = "https://example.org/"
        let longest = base + String(repeating: "a", count: 2048 - base.count)
        #expect(try Self.read(#"{"source_url":"\#(longest)"}"#).source.text == longest)
        #expect(try Self.refusal(#"{"source_url":"\#(longest)a"}"#).code == .invalidRequest)
    }

    @Test func `what the operator allows is taken`() throws {
        let policy = AddressPolicy(allowed: [try CIDR("127.0.0.0/8")])
        #expect(try Self.read(#"{"source_url":"http://127.0.0.1:81/a"}"#, policy: policy).source.host == "127.0.0.1")
    }

    @Test func `any JSON object is read as another reader reads it, or refused; and anything else does no harm`() throws
    {
        var generator = SeededGenerator(seed: 0x5EED)
        for _ in 0..<2_000 {
            let object = Self.object(depth: 3, &generator)
            let options: JSONSerialization.WritingOptions = generator.next() % 2 == 0 ? [] : [.prettyPrinted]
            let bytes = Array(try JSONSerialization.data(withJSONObject: object, options: options))
            let members = try JSONMembers(bytes).values
            #expect(Set(members.keys) == Set(object.keys))
            for (name, value) in members {
                guard case .object(let text) = value else { continue }
                let again = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
                #expect(again == object[name] as? NSDictionary)
            }
            // The same with some of it broken: never more than a refusal.
            var broken = bytes
            for _ in 0..<2 where !broken.isEmpty {
                broken[Int(generator.next() % UInt64(broken.count))] =
                    generator.bytes(1, of: Array("{}[]\",:\\ue0 \n\u{1}".utf8))[0]
            }
            do {
                _ = try URLSubmission(broken, policy: AddressPolicy())
            } catch let error as APIError {
                #expect([.invalidRequest, .sourceURLRefused, .webhookURLRefused].contains(error.code))
            }
        }
    }

    private static func object(depth: Int, _ generator: inout SeededGenerator) -> [String: Any] {
        let names = ["source_url", "diarize", "metadata", "a\"b", "ä\u{1F3B5}", "\\", "", "x y", "{", "},"]
        var object: [String: Any] = [:]
        for _ in 0..<(generator.next() % 5) {
            object[names[Int(generator.next() % UInt64(names.count))]] = value(depth: depth, &generator)
        }
        return object
    }

    private static func value(depth: Int, _ generator: inout SeededGenerator) -> Any {
        switch generator.next() % (depth > 0 ? 7 : 5) {
        case 0: NSNull()
        case 1: generator.next() % 2 == 0
        case 2: Int(truncatingIfNeeded: generator.next() % 1_000_000) - 500_000
        case 3: "http://example.org/" + String(repeating: "\"\\/\n{[", count: Int(generator.next() % 3))
        case 4: Double(generator.next() % 1000) / 8
        case 5: [value(depth: depth - 1, &generator), value(depth: depth - 1, &generator)]
        default: object(depth: depth - 1, &generator)
        }
    }
}
