import API
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@Suite struct JSONBodyTests {
    struct Order: Decodable, Equatable {
        struct Item: Decodable, Equatable { let name: String }
        let count: Int
        let items: [Item]?
    }

    private func decode(_ text: String, type: String? = "application/json", length: Int? = nil) async throws -> Order {
        let body = FormBody(pieces: text.utf8.map { ByteBuffer(bytes: [$0]) })
        return try await JSONBody.decode(from: body.request(type: type, length: length), limitBytes: 1_000)
    }

    private func refusal(_ text: String, type: String? = "application/json", length: Int? = nil) async throws
        -> APIError
    {
        try #require(
            await #expect(throws: APIError.self) { _ = try await decode(text, type: type, length: length) })
    }

    @Test func `a body is decoded, whatever parameters its type has`() async throws {
        let order = try await decode(#"{"count":2,"items":[{"name":"ä"}]}"#, type: "Application/JSON; charset=utf-8")
        #expect(order == Order(count: 2, items: [.init(name: "ä")]))
    }

    @Test(arguments: [
        (#"{}"#, "count"), (#"{"count":null}"#, "count"), (#"{"count":"2"}"#, "count"),
        (#"{"count":2,"items":[{"name":"a"},{"name":7}]}"#, "items[1].name"),
        (#"{"count":2,"items":[{}]}"#, "items[0].name"), (#"{"count":2,"count":2}"#, "count"),
    ])
    func `the field at fault is named by its path`(text: String, field: String) async throws {
        let error = try await refusal(text)
        #expect(error.code == .invalidRequest)
        #expect(error.details["field"] == .text(field))
    }

    @Test(arguments: [
        (#"{"count":1.5}"#, "count"), (#"{"count":1e300}"#, "count"), (#"{"count":2.5,"other":[1,"x",null]}"#, "count"),
        (#"{"a":[{"b":0.5}],"count":2.5}"#, nil),
    ])
    func `a number that must be whole is said to be none`(text: String, field: String?) async throws {
        let error = try await refusal(text)
        #expect(error.message == "A number must be whole.")
        #expect(error.details["field"] == field.map { .text($0) })
    }

    @Test func `a request without a body may count as one with an empty object`() async throws {
        struct Options: Decodable { let count: Int? }
        func read(_ text: String, type: String?) async throws -> Int? {
            let body = FormBody(pieces: text.utf8.map { ByteBuffer(bytes: [$0]) })
            return try await JSONBody.decodeIfPresent(
                Options.self, from: body.request(type: type, length: text.utf8.count)
            ).count
        }
        #expect(try await read("", type: nil) == nil)
        #expect(try await read("", type: "application/json") == nil)
        #expect(try await read(#"{"count":2}"#, type: "application/json") == 2)
        let error = await #expect(throws: APIError.self) { try await read(#"{"count":2}"#, type: nil) }
        #expect(error?.code == .unsupportedMediaType)
    }

    @Test(arguments: [
        "", "{", "nonsense-secret", #"{"count":2}x"#, "\u{0}",
        // What `JSONDecoder` takes for JSON all the same: commas at an end, control characters, other encodings.
        #"{"count":2,}"#, #"{"count":2,"items":[{"name":"a"},]}"#, #"{"count":2,"count":3,}"#,
        "{\"count\":2,\"x\":\"\u{1F}\"}", "\u{FEFF}{\"count\":2}", #"{"count":2}"#.map { "\($0)\u{0}" }.joined(),
    ])
    func `what is not JSON is refused without being repeated`(text: String) async throws {
        let error = try await refusal(text)
        #expect(error.code == .invalidRequest)
        #expect(!error.message.contains("secret"))
    }

    @Test(arguments: [
        #"{"count":2,"unknown":"a\u0000b"}"#, #"{"count":2,"un\u0000known":"\ud800"}"#, #"{"count":2,"x":1e999}"#,
        #"{"count":2,"x":"# + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}",
    ])
    func `a member that we don't know may hold what we could not store`(text: String) async throws {
        struct Options: Decodable { let count: Int? }
        let body = FormBody(pieces: text.utf8.map { ByteBuffer(bytes: [$0]) })
        let options = try await JSONBody.decode(
            Options.self, from: body.request(type: "application/json", length: text.utf8.count))
        #expect(options.count == 2)
    }

    @Test(arguments: [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
    func `another content type is 415`(type: String?) async throws {
        #expect(try await refusal(#"{"count":2}"#, type: type).code == .unsupportedMediaType)
    }

    @Test func `a body over the limit is 413, declared or not`() async throws {
        let long = #"{"count":2}"# + String(repeating: " ", count: 1_000)
        #expect(try await refusal(long).code == .requestTooLarge)
        #expect(try await refusal(#"{"count":2}"#, length: 1_001) == .requestTooLarge(limitBytes: 1_000))
    }
}
