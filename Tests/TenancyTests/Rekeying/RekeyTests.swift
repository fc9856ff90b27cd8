import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct RekeyTests {
    private static func key(_ digits: String) throws -> MasterKey {
        try #require(MasterKey(hex: String(repeating: digits, count: 32)))
    }

    @Test func `every secret moves to the new master key, once, and tokens stay good`() async throws {
        try await Tenants.with { tenants in
            let (old, new) = (try Self.key("0a"), try Self.key("0b"))
            let before = AccessTokens(databases: tenants.databases, masterKey: old)
            let key = try await tenants.issueKey(for: tenants.example)
            let token = try await before.issue(for: Principal(tenant: tenants.example, key: key.id))

            // Until then a node that has both reads what the old one sealed.
            _ = try await AccessTokens(databases: tenants.databases, masterKey: new.fallingBack(to: old)).verify(token)
            let first = try await tenants.owner.transaction { try Rekeying.run(from: old, to: new, in: $0) }
            #expect(first.filter { $0.resealed > 0 }.map(\.name) == ["jwt_keys.private_sealed"])
            #expect(first.map(\.resealed).reduce(0, +) == 1)
            #expect(first.map(\.left).reduce(0, +) == 0)
            let second = try await tenants.owner.transaction { try Rekeying.run(from: old, to: new, in: $0) }
            #expect(second.map(\.resealed).reduce(0, +) == 0)
            #expect(second.map(\.left).reduce(0, +) == 1)

            _ = try await AccessTokens(databases: tenants.databases, masterKey: new).verify(token)
            await #expect(throws: SealedSecretError.self) {
                try await AccessTokens(databases: tenants.databases, masterKey: old).verify(token)
            }
        }
    }

    @Test func `a secret that opens under neither key stops it all`() async throws {
        try await Tenants.with { tenants in
            let (old, new, strange) = (try Self.key("0a"), try Self.key("0b"), try Self.key("0c"))
            _ = try await AccessTokens(databases: tenants.databases, masterKey: strange).publicKeys()
            await #expect(throws: RekeyingError.self) {
                try await tenants.owner.transaction { try Rekeying.run(from: old, to: new, in: $0) }
            }
            _ = try await AccessTokens(databases: tenants.databases, masterKey: strange).publicKeys()
        }
    }

    @Test func `a key that falls back seals under itself alone`() throws {
        let (old, new) = (try Self.key("0a"), try Self.key("0b"))
        let both = new.fallingBack(to: old)
        #expect(try both.open(try old.seal([1], for: "a"), for: "a") == [1])
        #expect(try new.open(try both.seal([2], for: "a"), for: "a") == [2])
        #expect(throws: SealedSecretError.self) { try old.open(try both.seal([2], for: "a"), for: "a") }
        #expect(throws: SealedSecretError.self) { try both.open(try old.seal([1], for: "a"), for: "b") }
    }
}
