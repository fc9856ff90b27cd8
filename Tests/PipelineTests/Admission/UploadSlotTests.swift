import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// An account's concurrent uploads, over all nodes.
@Suite struct UploadSlotTests {
    private static func taken(_ tenants: Tenants) async throws -> Int {
        try await tenants.owner.query("SELECT count(*) FROM upload_slots")[0].decode(Int.self)
    }

    private static func isRefused(_ slots: UploadSlots, _ tenant: TenantID, limit: Int) async throws -> Bool {
        do {
            try await slots.hold(for: tenant, limit: limit) {}
            return false
        } catch AdmissionError.tooManyUploads(limit) { return true }
    }

    @Test func `an account sends as many files at once as it may, and its next one when one is in`() async throws {
        try await Tenants.with { tenants in
            let other = Databases(url: tenants.database.url, size: 4, logger: Logger(label: "test"))
            let (first, second) = (UploadSlots(pool: tenants.databases.app), UploadSlots(pool: other.app))
            let tenant = tenants.example
            try await first.hold(for: tenant, limit: 2) {
                try await second.hold(for: tenant, limit: 2) {
                    for node in [first, second] { #expect(try await Self.isRefused(node, tenant, limit: 2)) }
                    let charlies = try await first.hold(for: tenants.other, limit: 2) { 7 }
                    #expect(charlies == 7)
                }
                await #expect(throws: CancellationError.self) {
                    try await second.hold(for: tenant, limit: 2) { throw CancellationError() }
                }
                #expect(try await !Self.isRefused(second, tenant, limit: 2))
            }
            #expect(try await Self.taken(tenants) == 0)
            await other.close()
        }
    }

    @Test func `of a hundred at once exactly as many get in as may`() async throws {
        try await Tenants.with { tenants in
            let (slots, tenant) = (UploadSlots(pool: tenants.databases.app), tenants.example)
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do {
                            try await slots.hold(for: tenant, limit: 4) {
                                // Until all the others have been refused.
                                try await eventually("the group is cancelled") { Task.isCancelled }
                            }
                            return false
                        } catch AdmissionError.tooManyUploads { return true } catch { return false }
                    }
                }
                var refused = 0
                while refused < 96, let isRefused = try await group.next() { refused += isRefused ? 1 : 0 }
                #expect(try await Self.taken(tenants) == 4)
                group.cancelAll()
                return try await group.reduce(refused) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 96)
            // Also those whose client went away.
            #expect(try await Self.taken(tenants) == 0)
        }
    }

    @Test func `the slots of a node that died are free when their leases end, and those in use are not`() async throws {
        try await Tenants.with { tenants in
            let (slots, tenant) = (UploadSlots(pool: tenants.databases.app), tenants.example)
            try await tenants.owner.execute(
                """
                INSERT INTO upload_slots (tenant_id, id, lease_until)
                VALUES (\(tenant), 'dead', now() + interval '1 hour'), (\(tenant), 'renewed', now() + interval '1 hour')
                """)
            #expect(try await Self.isRefused(slots, tenant, limit: 2))
            try await tenants.owner.execute(
                "UPDATE upload_slots SET lease_until = now() - interval '1 second' WHERE id = 'dead'")
            #expect(try await !Self.isRefused(slots, tenant, limit: 2))
            #expect(try await Self.isRefused(slots, tenant, limit: 1))
        }
    }

    @Test func `a slot is renewed for as long as the upload takes`() async throws {
        try await Tenants.with { tenants in
            let slots = UploadSlots(pool: tenants.databases.app, renewal: .milliseconds(1))
            try await slots.hold(for: tenants.example, limit: 1) {
                // The second as after a crash of PostgreSQL, which empties the table.
                for loss in ["UPDATE upload_slots SET lease_until = now()", "DELETE FROM upload_slots"] {
                    try await tenants.owner.execute(PostgresQuery(unescaped: loss))
                    try await eventually("it is held for half a minute again") {
                        let left = try await tenants.owner.query(
                            "SELECT count(*) FROM upload_slots WHERE lease_until > now() + interval '25 seconds'")
                        return try left[0].decode(Int.self) == 1
                    }
                }
            }
            #expect(try await Self.taken(tenants) == 0)
        }
    }
}
