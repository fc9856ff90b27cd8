import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct RevocationTests {
    private struct Scene {
        let tenants: Tenants
        let revocations = Revocations()
        let alice: Principal
        let charlie: Principal

        static func run(_ body: (Scene) async throws -> Void) async throws {
            try await Tenants.with { tenants in
                let alice = Principal(
                    tenant: tenants.example, key: try await tenants.issueKey(for: tenants.example).id)
                let charlie = Principal(tenant: tenants.other, key: try await tenants.issueKey(for: tenants.other).id)
                try await body(Scene(tenants: tenants, alice: alice, charlie: charlie))
            }
        }

        func look() async throws { try await revocations.refresh(from: tenants.databases.system) }

        func refusal(of principal: Principal) -> AccessRefusal? {
            do {
                try revocations.check(principal)
                return nil
            } catch { return error }
        }
    }

    @Test(arguments: ["revoked_at", "expires_at"])
    func `a key that ended is refused as long as its last token could live, and no longer`(column: String) async throws
    {
        try await Scene.run { scene in
            func end(_ minutesAgo: Int) async throws -> AccessRefusal? {
                try await scene.tenants.owner.execute(
                    """
                    UPDATE api_keys SET \(unescaped: column) = now() - make_interval(mins => \(Int32(minutesAgo)))
                    WHERE id = \(scene.alice.key)
                    """)
                try await scene.look()
                #expect(scene.refusal(of: scene.charlie) == nil)
                return scene.refusal(of: scene.alice)
            }
            try await scene.look()
            #expect(scene.refusal(of: scene.alice) == nil)
            #expect(try await end(0) == .keyIsOver)
            #expect(try await end(61) == .keyIsOver)
            #expect(try await end(63) == nil)
        }
    }

    @Test func `a key that will end is good until then`() async throws {
        try await Scene.run { scene in
            try await scene.tenants.owner.execute("UPDATE api_keys SET expires_at = now() + interval '1 minute'")
            try await scene.look()
            #expect(scene.refusal(of: scene.alice) == nil)
        }
    }

    @Test func `a suspended tenant is refused until it is resumed, the others never`() async throws {
        try await Scene.run { scene in
            let example = scene.tenants.example
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended' WHERE id = \(example)")
            try await scene.look()
            #expect(scene.refusal(of: scene.alice) == .tenantIsSuspended)
            #expect(scene.refusal(of: scene.charlie) == nil)
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'active' WHERE id = \(example)")
            try await scene.look()
            #expect(scene.refusal(of: scene.alice) == nil)
        }
    }

    @Test func `when the database cannot be asked, what was known stays`() async throws {
        try await Scene.run { scene in
            try await scene.tenants.owner.execute(
                "UPDATE api_keys SET revoked_at = now() WHERE id = \(scene.alice.key)")
            try await scene.look()
            let pool = scene.tenants.database.pool(role: "verbatim_system")
            await pool.close()
            await #expect(throws: PostgresError.self) { try await scene.revocations.refresh(from: pool) }
            #expect(scene.refusal(of: scene.alice) == .keyIsOver)
            #expect(scene.refusal(of: scene.charlie) == nil)
        }
    }
}
