import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Who gets a node's slots.
@Suite struct DeliveryCapacityTests {
    /// Events of that tenant's for so many hosts.
    private static func fill(_ scene: DeliveryScene, _ tenant: TenantID, hosts: Int) async throws {
        for port in 1...hosts { try await scene.end(tenant, telling: "http://127.0.0.1:\(port)/") }
    }

    private static func claim(_ scene: DeliveryScene, slots: Int, _ running: [ClaimedDelivery]) async throws
        -> [ClaimedDelivery]
    {
        try await scene.queue.claim(DeliveryCapacity(slots: slots, running: running))
    }

    @Test func `accounts with more than their share under way get half of a node between them`() async throws {
        try await DeliveryScene.run { scene in
            let slow = try await scene.tenants.owner.transaction { transaction in
                try (0..<4).map { try Tenant.create(name: "Slow \($0)", plan: .pro, in: transaction).id }
            }
            for tenant in slow { try await Self.fill(scene, tenant, hosts: 20) }
            var running: [ClaimedDelivery] = []
            for _ in 0..<3 { running += try await Self.claim(scene, slots: 64, running) }
            #expect(running.count == 32)
            #expect(slow.allSatisfy { tenant in running.count { $0.tenant == tenant } == 8 })
            // The other half is there for others at once.
            try await Self.fill(scene, scene.tenants.other, hosts: 8)
            #expect(
                try await Self.claim(scene, slots: 64, running).map(\.tenant).count { $0 == scene.tenants.other } == 8)
        }
    }

    @Test func `one account alone gets half of a node`() async throws {
        try await DeliveryScene.run { scene in
            try await Self.fill(scene, scene.tenants.example, hosts: 60)
            var running: [ClaimedDelivery] = []
            for _ in 0..<3 { running += try await Self.claim(scene, slots: 64, running) }
            #expect(running.count == 32)
        }
    }

    @Test func `hosts that fail get an eighth of a node for certain, and half at the most`() async throws {
        try await DeliveryScene.run { scene in
            let tenants = try await scene.tenants.owner.transaction { transaction in
                try (0..<8).map { try Tenant.create(name: "T \($0)", plan: .pro, in: transaction).id }
            }
            for tenant in tenants { try await Self.fill(scene, tenant, hosts: 8) }
            var running: [ClaimedDelivery] = []
            for _ in 0..<3 { running += try await Self.claim(scene, slots: 64, running) }
            #expect(running.count == 56)
            // All that is left fails from now on, and is tried in the slots that are kept for it.
            try await scene.tenants.owner.execute(
                """
                INSERT INTO webhook_failing_origins (tenant_id, origin)
                SELECT DISTINCT tenant_id, origin FROM webhook_events
                """)
            running += try await Self.claim(scene, slots: 64, running)
            #expect(running.count == 64)
            #expect(running.count { $0.slotKind == .failing } == 8)
            #expect(try await Self.claim(scene, slots: 64, running) == [])
            for tenant in tenants { try await Self.fill(scene, tenant, hosts: 8) }
            #expect(try await Self.claim(scene, slots: 64, []).count == 32)
        }
    }
}
