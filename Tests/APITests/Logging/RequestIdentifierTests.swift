import API
import HTTPTypes
import Testing

@Suite struct RequestIdentifierTests {
    @Test(arguments: ["a", "req_123", "A.b-C_9", String(repeating: "x", count: 64)])
    func `a client's harmless id is taken over`(text: String) {
        #expect(RequestIdentifier([.xRequestID: text]).description == text)
    }

    @Test(arguments: ["", " ", "a b", "a\"b", "ü", "a/b", "a\nb", String(repeating: "x", count: 65)])
    func `anything else is replaced`(text: String) {
        #expect(RequestIdentifier(text) == nil)
    }

    @Test func `our own ids are acceptable, long and never the same`() {
        let ids = (0..<1_000).map { _ in RequestIdentifier().description }
        #expect(Set(ids).count == 1_000)
        #expect(ids.allSatisfy { $0.hasPrefix("req_") && $0.utf8.count == 30 && RequestIdentifier($0) != nil })
    }
}
