import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct WebhookSecretTests {
    private static func find(_ tenants: Tenants, at now: Timestamp, under key: MasterKey? = nil) async throws
        -> WebhookSecrets?
    {
        let (tenant, key) = (tenants.example, key ?? tenants.masterKey)
        return try await tenants.databases.system.transaction {
            try WebhookSecrets.find(of: tenant, masterKey: key, at: now, in: $0)
        }
    }

    private static func rotate(_ tenants: Tenants, grace: Duration, at now: Timestamp) async throws -> WebhookSecrets {
        let (tenant, key) = (tenants.example, tenants.masterKey)
        return try await tenants.owner.transaction {
            try WebhookSecrets.rotate(of: tenant, grace: grace, masterKey: key, at: now, in: $0)
        }
    }

    @Test func `whoever asks first, all get the same secret, and another tenant gets another`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            let (key, owner) = (tenants.masterKey, tenants.owner)
            try await owner.execute("DELETE FROM webhook_secrets WHERE tenant_id = \(tenants.example)")
            let made = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await tenants.databases.system.transaction {
                            try WebhookSecrets.findOrCreate(
                                of: tenants.example, masterKey: key, at: .now(), in: $0
                            ).current.text
                        }
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(made.count == 1)
            let secret = try #require(made.first)
            #expect(secret.hasPrefix("whsec_") && secret.count == 6 + 44)
            let other = try await tenants.databases.system.transaction {
                try WebhookSecrets.findOrCreate(of: tenants.other, masterKey: key, at: .now(), in: $0)
            }
            #expect(other.current.text != secret)
            let stored = try await tenants.owner.query("SELECT current_sealed FROM webhook_secrets").map {
                String(decoding: try $0.decode([UInt8].self), as: UTF8.self)
            }
            #expect(stored.allSatisfy { !$0.contains("whsec_") })
        }
    }

    @Test func `a rotated secret signs beside the old one, then takes over by itself`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            let clock = TestClock()
            let first = try await Self.rotate(tenants, grace: .seconds(3600), at: clock.now())
            let during = try #require(try await Self.find(tenants, at: clock.now()))
            #expect(during == first)
            #expect(during.next != nil && during.next != during.current)

            // Again within the grace: the next one is replaced, the current one stays.
            let again = try await Self.rotate(tenants, grace: .seconds(3600), at: clock.now())
            #expect(again.current == first.current)
            #expect(again.next != first.next)

            clock.advance(by: .seconds(3600))
            let after = try #require(try await Self.find(tenants, at: clock.now()))
            #expect(after.current == again.next && after.next == nil)
            let third = try await Self.rotate(tenants, grace: .seconds(60), at: clock.now())
            #expect(third.current == again.next)
        }
    }

    @Test func `without a grace the new one signs at once`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            let now = Timestamp.now()
            let first = try await Self.rotate(tenants, grace: .zero, at: now)
            #expect(first.next == nil)
            #expect(try await Self.find(tenants, at: now)?.current == first.current)
            #expect(try await Self.rotate(tenants, grace: .zero, at: now).current != first.current)
        }
    }

    @Test func `sealed anew under another master key, they are the same, and the old key opens them no more`()
        async throws
    {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            let now = Timestamp.now()
            let before = try await Self.rotate(tenants, grace: .seconds(3600), at: now)
            let (old, new) = (tenants.masterKey, try #require(MasterKey(hex: String(repeating: "ab", count: 32))))
            let done = try await tenants.owner.transaction { try Rekeying.run(from: old, to: new, in: $0) }
            #expect(done.filter { $0.name.hasPrefix("webhook_secrets.") }.map(\.resealed) == [2, 1])
            #expect(try await Self.find(tenants, at: now, under: new) == before)
            await #expect(throws: SealedSecretError.self) { try await Self.find(tenants, at: now) }
        }
    }

    @Test func `a secret moved to another tenant's row cannot be opened there`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            _ = try await Self.rotate(tenants, grace: .zero, at: .now())
            try await tenants.owner.execute("DELETE FROM webhook_secrets WHERE tenant_id = \(tenants.other)")
            try await tenants.owner.execute("UPDATE webhook_secrets SET tenant_id = \(tenants.other)")
            let (other, key) = (tenants.other, tenants.masterKey)
            await #expect(throws: SealedSecretError.self) {
                try await tenants.databases.system.transaction {
                    try WebhookSecrets.find(of: other, masterKey: key, at: .now(), in: $0)
                }
            }
        }
    }
    @Test func `a tenant that has none gets its first by rotation, and nobody holds another`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            try await tenants.owner.execute("DELETE FROM webhook_secrets WHERE tenant_id = \(tenants.example)")
            let now = Timestamp.now()
            let first = try await Self.rotate(tenants, grace: .seconds(3600), at: now)
            #expect(first.next == nil)
            #expect(try await Self.find(tenants, at: now) == first)
        }
    }

    @Test func `another master key makes no secret beside those that it cannot open`() async throws {
        try await Tenants.with { tenants in
            try await tenants.makeSecrets()
            try await tenants.owner.execute("DELETE FROM webhook_secrets WHERE tenant_id = \(tenants.example)")
            let (tenant, wrong) = (tenants.example, try #require(MasterKey(hex: String(repeating: "cd", count: 32))))
            for pool in [tenants.databases.system, tenants.owner] {
                await #expect(throws: SealedSecretError.self) {
                    try await pool.transaction {
                        try WebhookSecrets.findOrCreate(of: tenant, masterKey: wrong, at: .now(), in: $0)
                    }
                }
            }
            #expect(try await Self.find(tenants, at: .now()) == nil)
            // Where nothing is sealed yet, any key is right.
            try await tenants.owner.execute("DELETE FROM webhook_secrets")
            try await tenants.owner.transaction { try wrong.requireRight(in: $0) }
        }
    }
}
