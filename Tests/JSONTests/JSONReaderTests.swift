import JSON
import Testing

@Suite struct JSONReaderTests {
    private static func members(_ text: String, deepest: Int = 3) throws -> [JSONObjectReader.Member] {
        try JSONObjectReader.members(of: Array(text.utf8), deepest: deepest)
    }

    @Test func `a member is given back as it was written`() throws {
        let members = try Self.members(#" { "\u0061\n" : 1.50 , "b":[1, {"c":"}"}],"d":null,"e":"\ud83d\ude00\/" } "#)
        #expect(members.map(\.name) == ["a\n", "b", "d", "e"])
        #expect(members.map(\.value) == [.number("1.50"), .array(#"[1, {"c":"}"}]"#), .null, .string("😀/")])
        #expect(members.map(\.nameSource) == [#""\u0061\n""#, #""b""#, #""d""#, #""e""#])
        #expect(members.map(\.valueSource) == ["1.50", #"[1, {"c":"}"}]"#, "null", #""\ud83d\ude00\/""#])
    }

    private static let faults: [(String, JSONReader.Fault, member: String?)] = [
        (#"{"a":1,}"#, .malformed, "a"), (#"{"a":[1,]}"#, .malformed, "a"), ("{} x", .malformed, nil),
        ("[]", .malformed, nil), (#"{"a":{"b" 1}}"#, .malformed, "a"), (#"{"a":[}]}"#, .malformed, "a"),
        (#"{"a":[{]}}"#, .malformed, "a"), (#"{"a":"\x"}"#, .malformed, "a"), (#"{"a":01}"#, .malformed, "a"),
        ("{\"a\":\"\t\"}", .malformed, "a"), (#"{"a":[[1]],"b":[[[1]]]}"#, .tooDeep(levels: 3), "b"),
        (#"{"a":{"b":"\u0000"}}"#, .holdsNUL, "a"), (#"{"\ud800":1}"#, .loneSurrogate, nil),
        (#"{"a":"\ud800\u0041"}"#, .loneSurrogate, "a"), (#"{"a":"\udc00"}"#, .loneSurrogate, "a"),
        (#"{"a":1,"b":[-1e999]}"#, .hugeNumber, "b"),
    ]

    @Test(arguments: faults)
    func `what is sent is read strictly, and what is wrong with it is told apart`(
        text: String, fault: JSONReader.Fault, member: String?
    ) {
        let refusal = #expect(throws: JSONObjectReader.Refusal.self) { try Self.members(text) }
        #expect(refusal?.fault == fault)
        if fault != .malformed { #expect(refusal?.member == member) }
    }

    @Test func `only UTF-8 is read`() {
        for bytes: [UInt8] in [[0xEF, 0xBB, 0xBF, 0x7B, 0x7D], [0x7B, 0x22, 0xC3, 0x22, 0x3A, 0x31, 0x7D]] {
            #expect(throws: JSONObjectReader.Refusal.self) { try JSONObjectReader.members(of: bytes, deepest: 3) }
        }
    }

    @Test func `what is stored is read by whatever rules it was stored under, however deep it is`() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        var object = JSONObjectReader(JSONReader(stored: #"{"a":"\u0000\ud800x","b":1e999,"c":\#(deep)}"#))
        #expect(try object.next()?.value == .string("\u{FFFD}\u{FFFD}x"))
        #expect(try object.next()?.value == .number("1e999"))
        #expect(try object.next()?.value == .array(deep))
        #expect(try object.next() == nil)
    }

    @Test func `what is written is read again, and one line stays one line`() throws {
        let text = "\u{0}\t\n\r\"\\/\u{1F}\u{7F}\u{85}\u{9F}\u{A0}\u{2028}\u{2029}é🎙"
        for endsNoLine in [false, true] {
            var json = JSONWriter(capacity: 64, endsNoLine: endsNoLine)
            json.object { json in
                json.key(escaping: text)
                json.string(text)
                json.key("none")
                json.integer(Int?.none)
            }
            var object = JSONObjectReader(JSONReader(stored: json.text))
            let member = try object.next()
            #expect(member?.name == text.replacing("\u{0}", with: "\u{FFFD}"))
            #expect(try object.next()?.value == .null)
            let hasLineEnds = json.text.unicodeScalars.contains {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || (0x2028...0x2029).contains($0.value)
            }
            #expect(hasLineEnds == !endsNoLine)
            #expect(json.text.contains("\u{A0}") && json.text.contains("é🎙"))
        }
        #expect(JSONWriter.quoted("a\"\u{2028}/") == "\"a\\\"\u{2028}/\"")
    }
}
