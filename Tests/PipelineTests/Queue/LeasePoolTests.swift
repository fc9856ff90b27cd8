import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct LeasePoolTests {
    /// Has every connection of `pool`'s wait for a lock, and others for a connection, again and again while `body` runs.
    private static func crowd(
        _ pool: PostgresPool, of scene: QueueScene, _ body: () async throws -> Void
    ) async throws {
        try await scene.tenants.owner.whileOpen({
            try $0.execute("LOCK TABLE jwt_keys IN ACCESS EXCLUSIVE MODE")
        }) {
            let crowd = (0..<40).map { _ in
                Task { while !Task.isCancelled { _ = try? await pool.query("SELECT kid FROM jwt_keys") } }
            }
            defer { for caller in crowd { caller.cancel() } }
            try await eventually("all connections are taken") { pool.waiting > 20 }
            try await body()
            try await eventually("they were all the time") { pool.waiting > 20 }
        }
    }

    @Test func `who works says so in time, is told what it lost, and lost work is found, however full the pools are`()
        async throws
    {
        try await QueueScene.run { scene in
            for _ in 0..<3 { try await scene.submit() }
            let held = try await scene.first.claim(limit: 2)
            let lost = try await scene.second.claim(limit: 1)
            #expect(held.count == 2 && lost.count == 1)
            let databases = scene.tenants.databases
            for pool in [databases.system, databases.sessions] {
                try await Self.crowd(pool, of: scene) {
                    try await scene.letTimePass(.seconds(20))
                    #expect(try await scene.first.extend(held) == Set(held))
                    #expect(try await scene.first.held(held) == Set(held))
                    let (rescued, exhausted) = try await scene.first.rescue()
                    #expect(rescued == (pool === databases.system ? 1 : 0))
                    #expect(exhausted.isEmpty)
                    #expect(try await scene.second.held(lost) == [])
                }
            }
        }
    }
}
