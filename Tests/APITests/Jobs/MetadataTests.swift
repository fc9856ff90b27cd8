import API
import Egress
import Pipeline
import Testing

/// What a customer attaches to a job comes back as it was written, or is refused by the field's name: from a form and from JSON.
@Suite struct MetadataTests {
    private static func ofForm(_ text: String) throws -> String { try JobOptions(fields: ["metadata": text]).metadata }

    private static func ofJSON(_ text: String) throws -> String {
        let body = #"{"source_url":"http://a.example","metadata":\#(text)}"#
        return try URLSubmission(Array(body.utf8), policy: AddressPolicy()).options.metadata
    }

    @Test(arguments: [
        #"{"a":"\\u0000"}"#, #"{"\\u0000":1}"#, #"{"a":"\\\\u0000"}"#, #"{"a":"\\ud800"}"#, #"{"a":"\ud83c\udfb5"}"#,
        #"{"a":"\b\f\n\r\t\/\"\u007f"}"#,
        #"{"a":1e308,"b":-1E-300,"c":123456789012345678901234567890.123456789012345}"#,
        #"{"a":9007199254740993,"b":0.1000,"c":1.0e+0,"d":-0}"#, #"{"a":1,"a":2}"#, "{}", "{ \t\r\n}",
        #"{"":{"":[[],{}]},"x":[true,false,null]}"#, "{\"a\":\"\u{7F}\u{2028}\u{FFFE}\u{1F3B5}\"}",
        #"{"a":"# + String(repeating: "[", count: 99) + String(repeating: "]", count: 99) + "}",
    ])
    func `metadata is kept as it was written`(text: String) throws {
        #expect(try Self.ofForm(text) == text)
        #expect(try Self.ofJSON(text) == text)
    }

    @Test(arguments: [
        (#"{"a":"\u0000"}"#, "NUL"), (#"{"a":["x",{"\u0000":1}]}"#, "NUL"), (#"{"a":"\\\u0000"}"#, "NUL"),
        (#"{"a":1e999999}"#, "double"), (#"{"a":[-1E400]}"#, "double"), (#"{"a":"\ud800"}"#, "surrogate"),
        (#"{"a":"\ud800x"}"#, "surrogate"), (#"{"a":"\udc00\ud800"}"#, "surrogate"),
        (#"{"a":"\ud800\ud800"}"#, "surrogate"), (#"{"\uDBFF":1}"#, "surrogate"),
        (#"{"a":"\ud800\u0041"}"#, "surrogate"),
        (#"{"a":"# + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}", "deep"),
        (String(repeating: #"{"a":"#, count: 300) + "1" + String(repeating: "}", count: 300), "deep"),
    ])
    func `metadata that cannot be kept is refused with the reason`(text: String, reason: String) throws {
        for read in [Self.ofForm, Self.ofJSON] {
            let error = try #require(#expect(throws: APIError.self) { _ = try read(text) })
            #expect(error.code == .invalidRequest && error.details["field"] == .text("metadata"))
            #expect(error.message.contains(reason))
        }
    }

    @Test(arguments: [
        "", " ", "x", "[]", "null", "1", #""{}""#, "{", "}", "{}{}", "{}x", #"{"a":1,}"#, "{'a':1}", "{a:1}",
        #"{"a" 1}"#,
        #"{"a":01}"#, #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":+1}"#, #"{"a":1e}"#, #"{"a":-}"#, #"{"a":NaN}"#,
        #"{"a":Infinity}"#, #"{"a":True}"#, #"{"a":nul}"#, #"{"a":[1,]}"#, #"{"a":[1 2]}"#, #"{"a":"x}"#,
        #"{"a":"\x"}"#,
        #"{"a":"\u12"}"#, #"{"a":"\uD8"}"#, #"{"a":"\u12G4"}"#, "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}", "\u{FEFF}{}",
        "{}\u{0}",
        "\u{0}{\u{0}}", "{\u{0}}\u{0}", "{/**/}", "{\u{A0}}", "{\u{B}}", #"{"a":1;"b":2}"#, #"{"a":[}"#, #"{"a":{]}"#,
        #"{"a":}"#,
        #"{"a":0x1}"#, #"{"a":1_0}"#, #"{"a":"b"c}"#, #"{,}"#, #"{"a":1 "b":2}"#,
    ])
    func `metadata that is no JSON object is refused by the field's name`(text: String) throws {
        let error = try #require(#expect(throws: APIError.self) { _ = try Self.ofForm(text) })
        #expect(error.code == .invalidRequest && error.details["field"] == .text("metadata"))
    }

    @Test func `what cannot be kept in another field of a JSON body names that field`() throws {
        for (body, field) in [
            (#"{"source_url":"http://a.example/\ud800"}"#, "source_url"),
            (#"{"language":"\u0000","source_url":"http://a.example"}"#, "language"),
            (#"{"source_url":"http://a.example","webhook_url":"http://a.example/\udc00"}"#, "webhook_url"),
        ] {
            let error = try #require(
                #expect(throws: APIError.self) { _ = try URLSubmission(Array(body.utf8), policy: AddressPolicy()) })
            #expect(error.code == .invalidRequest && error.details["field"] == .text(field), "\(body)")
        }
    }
}
