import Tenancy
import Testing

@Suite struct MasterKeyTests {
    private let key = MasterKey(hex: String(repeating: "0a", count: 32))

    @Test func `what was sealed opens again, for its purpose alone`() throws {
        let key = try #require(key)
        let sealed = try key.seal(Array("secret".utf8), for: "a")
        #expect(try key.open(sealed, for: "a") == Array("secret".utf8))
        #expect(throws: SealedSecretError.self) { try key.open(sealed, for: "b") }
    }

    @Test func `the same secret is sealed differently each time`() throws {
        let key = try #require(key)
        #expect(try key.seal([1, 2, 3], for: "a") != key.seal([1, 2, 3], for: "a"))
    }

    @Test func `a sealed secret with any byte changed does not open`() throws {
        let key = try #require(key)
        let sealed = try key.seal(Array("secret".utf8), for: "a")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: SealedSecretError.self) { try key.open(changed, for: "a") }
        }
        for length in 0..<sealed.count {
            #expect(throws: SealedSecretError.self) { try key.open(Array(sealed.prefix(length)), for: "a") }
        }
    }

    @Test func `another master key opens nothing`() throws {
        let sealed = try #require(key).seal([1], for: "a")
        let other = try #require(MasterKey(hex: String(repeating: "0b", count: 32)))
        #expect(throws: SealedSecretError.self) { try other.open(sealed, for: "a") }
    }

    @Test(arguments: [
        "", "0a", String(repeating: "0a", count: 31) + "0", String(repeating: "0g", count: 32),
        String(repeating: "+a", count: 32), String(repeating: "0a", count: 33), String(repeating: "é0", count: 32),
    ])
    func `only 64 hexadecimal digits are a key`(hex: String) {
        #expect(MasterKey(hex: hex) == nil)
    }
}
