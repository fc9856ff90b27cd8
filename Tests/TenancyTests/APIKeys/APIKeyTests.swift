import Tenancy
import Testing

@Suite struct APIKeyTests {
    @Test func `a key reads back from its text`() throws {
        for _ in 0..<100 {
            let key = APIKey()
            let read = try #require(APIKey(key.text))
            #expect(read.id == key.id)
            #expect(read.text == key.text)
        }
    }

    @Test func `a key has its prefix, its id and nothing but base 62`() throws {
        let key = APIKey()
        #expect(key.text.hasPrefix("tsk_live_\(key.id)"))
        #expect(key.text.utf8.count == 9 + 12 + 43 + 6)
        #expect(key.text.dropFirst(9).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    @Test func `a key with any one character changed is refused by its checksum`() {
        let text = Array(APIKey().text)
        for index in 9..<text.count {
            var changed = text
            changed[index] = text[index] == "a" ? "b" : "a"
            #expect(APIKey(String(changed)) == nil, "position \(index)")
        }
    }

    @Test(arguments: [
        "", "tsk_live_", "tsk_test_", String(repeating: "a", count: 70),
        "tsk_live_" + String(repeating: "é", count: 61),
    ])
    func `what is no key is none`(text: String) {
        #expect(APIKey(text) == nil)
    }

    @Test func `two keys share neither id nor secret`() {
        let keys = (0..<100).map { _ in APIKey() }
        #expect(Set(keys.map(\.id)).count == keys.count)
        #expect(Set(keys.map(\.text)).count == keys.count)
    }
}
