import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// How many connections to the database a node has, and a pooler in between.
@Suite struct DatabaseConnectionTests {
    private static func count(_ deployment: Deployment) async throws -> Int {
        try await deployment.tenants.owner.query(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'verbatim' AND backend_type = 'client backend'
            """)[0].decode(Int.self)
    }

    @Test(arguments: ["api", "worker", "serve"])
    func `a node that was busy and is idle has four connections or fewer`(role: String) async throws {
        try await Deployment.with { deployment in
            // The test's own pools have the same name.
            await deployment.tenants.databases.close()
            let node = try await deployment.start(role, ["VERBATIM_DATABASE_IDLE_TIMEOUT": "2s"])
            if role != "worker" {
                let customer = try await deployment.customer(at: node)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<60 { group.addTask { try await customer.get("/jobs").status } }
                    return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
                }
                #expect(statuses == [200])
            }
            try await eventually("it has four or fewer") { try await Self.count(deployment) <= 4 }
            #expect(try await Self.count(deployment) > 0)
        }
    }

    @Test func `a node never has more connections than it may`() async throws {
        try await Deployment.with { deployment in
            await deployment.tenants.databases.close()
            let node = try await deployment.start("serve", ["VERBATIM_DATABASE_CONNECTIONS": "10"])
            let customer = try await deployment.customer(at: node)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        let count = try await Self.count(deployment)
                        #expect(count <= 10)
                        return try await customer.get("/jobs").status
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [200])
            let job = try await customer.submit(file: Recordings.clip("0880"))
            #expect(try await customer.words(of: job).contains("young man"))
        }
    }

    @Test func `through a pooler in transaction mode jobs are done, and nothing of a transaction stays`() async throws {
        try await Deployment.with { deployment in
            let direct = deployment.tenants.database.url
            try await PgBouncer.with(direct, connections: 3) { pooler in
                let settings = [
                    "VERBATIM_DATABASE_URL": pooler.url, "VERBATIM_DATABASE_DIRECT_URL": direct,
                    "VERBATIM_DATABASE_PREPARED_STATEMENTS": "off",
                ]
                let api = try await deployment.start("api", settings)
                let customer = try await deployment.customer(at: api)
                let charlie = try await deployment.customer(of: deployment.tenants.other, at: api)
                let worker = try await deployment.start("worker", settings)
                let job = try await customer.submit(file: Recordings.clip("0880"))
                #expect(try await customer.words(of: job).contains("young man"))
                #expect(try await charlie.get("/jobs/\(job)").status == 404)
                // Many of both accounts at once, over three connections.
                try await withThrowingTaskGroup { group in
                    for number in 0..<120 {
                        group.addTask {
                            let answer = try await (number % 2 == 0 ? customer : charlie).get("/jobs/\(job)")
                            #expect(answer.status == (number % 2 == 0 ? 200 : 404))
                        }
                    }
                    try await group.waitForAll()
                }
                let read = try await Command.run(
                    "psql",
                    [
                        "-XAt", pooler.url, "-c",
                        """
                        SELECT current_user, coalesce(current_setting('verbatim.tenant', true), ''),
                            current_setting('statement_timeout')
                        """,
                    ])
                #expect(read.output == "postgres||0\n", "\(read.errors)")
                worker.process.signal(SIGTERM)
                #expect(try await worker.process.ended() == 0)
            }
        }
    }
}
