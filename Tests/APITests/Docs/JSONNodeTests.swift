import API
import Foundation
import TestSupport
import Testing

@Suite struct JSONNodeTests {
    @Test func `members keep their order, and values what they are`() throws {
        let text = #" {"z":[1.50,-2e3,true,null,"ü\n\ud83d\ude00\"\\"], "a" : {} , "m":{"x":[{"y":[]}]}} "#
        let node = try JSONNode(parsing: Array(text.utf8))
        #expect(node.members.map(\.key) == ["z", "a", "m"])
        #expect(
            node["z"]?.items == [.number("1.50"), .number("-2e3"), .flag(true), .null, .text("ü\n😀\"\\")])
        #expect(node["a"] == .object([]))
        #expect(try JSONNode(parsing: Array(node.indented.utf8)) == node)
        #expect(node.value(at: "#/m/x") != nil)
        #expect(node.value(at: "#/m/y") == nil)
        #expect(node.value(at: "elsewhere.json#/m") == nil)
    }

    @Test func `a pointer's escapes are undone in the order that the RFC says`() throws {
        let node = try JSONNode(parsing: Array(#"{"a/b":{"~1":1}}"#.utf8))
        #expect(node.value(at: "#/a~1b/~01") == .number("1"))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "[1 2]", "\"a", "\"\\x\"", "tru", "01", "1.", "+1", "{}x", "{1:2}",
        "\"a\\", "[\u{1}]", String(repeating: "[", count: 100_000),
    ])
    func `what is no JSON is refused`(text: String) {
        #expect(throws: JSONNode.Malformed.self) { try JSONNode(parsing: Array(text.utf8)) }
    }

    @Test func `random changes to the document neither crash it nor hang it`() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: Checkout.root + "/openapi.json")).prefix(3000))
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0..<3 {
                changed[.random(in: 0..<changed.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = try? JSONNode(parsing: changed)
        }
    }
}
