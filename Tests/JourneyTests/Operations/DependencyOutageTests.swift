import Egress
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// What a node says while something that it needs is away, and of disks that fill.
@Suite struct DependencyOutageTests {
    private struct Line: Decodable {
        let level, message: String
    }

    /// The lines of warnings and errors.
    private static func complaints(_ node: Node) throws -> [Line] {
        try node.process.log.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            .filter { ["warning", "error", "critical"].contains($0.level) }
    }

    @Test
    func `while the database is away a node says so once, then each minute, then that it is back, and nothing else`()
        async throws
    {
        try await Deployment.with { deployment in
            // From the server's own database: who is connected to one cannot close it.
            let server = PostgresPool(
                configuration: .init(url: try await TestCluster.shared().url, size: 1), logger: Logger(label: "test"))
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            try await eventually("it is ready") { try await customer.get("/readyz").status == 200 }
            let before = try Self.complaints(node).count
            // Nobody gets in any more, and who is in is thrown out.
            let name = deployment.tenants.database.name
            try await server.execute("ALTER DATABASE \(unescaped: name) ALLOW_CONNECTIONS false")
            try await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name)")
            _ = try await node.process.log.line(with: "the database is away")
            try await eventually("it is not ready") { try await customer.get("/readyz").status == 503 }
            // Workers, sweeps, the listener and the watches ask all the while; so do customers, the load balancer and Prometheus.
            var read = 0
            try await eventually("it says so a second time", within: 180) { () async throws -> Bool in
                let ready = try await customer.get("/readyz")
                #expect(ready.status == 503)
                let jobs = try await customer.get("/jobs")
                #expect(try jobs.problem(503)["error"] as? String == "transient_error")
                let metrics = try await customer.get("/metrics").text
                #expect(metrics.contains("verbatim_database_up 0"))
                // Each line once: there are thousands of them.
                let lines = node.process.log.lines
                defer { read = lines.count }
                return lines[read...].contains { $0.contains("the database is still away") }
            }
            try await server.execute("ALTER DATABASE \(unescaped: name) ALLOW_CONNECTIONS true")
            await server.close()
            _ = try await node.process.log.line(with: "the database is back")
            try await eventually("it is ready again") { try await customer.get("/readyz").status == 200 }
            let complaints = try Self.complaints(node).dropFirst(before).map(\.message)
            #expect(complaints.first == "the database is away")
            #expect(complaints.filter { $0 == "the database is away" }.count == 1)
            #expect(Set(complaints) == ["the database is away", "the database is still away"])
            #expect(complaints.count <= 5)
        }
    }

    @Test func `a database that is away is a 503 that says when to come back, and then all is well again`() async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let (name, cluster) = (deployment.tenants.database.name, try await TestCluster.shared())
            let outside = PostgresPool(
                configuration: .init(url: cluster.url, size: 1), logger: Logger(label: "test"))
            func allow(_ allowed: Bool) async throws {
                try await outside.execute(
                    "ALTER DATABASE \(unescaped: name) WITH ALLOW_CONNECTIONS \(unescaped: "\(allowed)")")
            }
            try await allow(false)
            try await outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name)")
            let away = try await customer.get("/jobs")
            #expect(try away.problem(503)["error"] as? String == "transient_error")
            #expect(away.headers["Retry-After"] != nil)
            #expect(try await customer.get("/healthz").status == 200)
            #expect(try await customer.get("/readyz").status == 503)
            try await allow(true)
            #expect(try await customer.get("/jobs").status == 200)
            try await eventually("the node is ready again") { try await customer.get("/readyz").status == 200 }
            await outside.close()
        }
    }

    @Test func `a scratch disk that is full is told by the upload's answer, by readyz, in the log and by the metrics`()
        async throws
    {
        try await Deployment.with { deployment in
            // A hundredth of this is more than any disk has.
            let node = try await deployment.start("api", ["VERBATIM_SCRATCH_BYTES": "1000000000000000"])
            let customer = try await deployment.customer(at: node)
            let refused = try await customer.post(file: Recordings.clip("0880"))
            let problem = try refused.problem(503)
            #expect(problem["error"] as? String == "transient_error")
            #expect((problem["message"] as? String)?.contains("full") == true)
            #expect(refused.headers["Retry-After"] != nil)
            let ready = try await customer.get("/readyz")
            #expect(ready.status == 503)
            #expect(try (ready.json["checks"] as? [String: String])?["scratch"] == "full")
            _ = try await node.process.log.line(with: "\"level\":\"error\"", "the scratch disk is full", "free_bytes")
            #expect(try await customer.get("/healthz").status == 200)
            let metrics = try await customer.get("/metrics").text
            let free = try #require(metrics.firstMatch(of: /verbatim_disk_free_bytes\{disk="scratch"\} (\d+)/))
            #expect((Int64(free.output.1) ?? 0) > 0)
            #expect(metrics.contains("verbatim_disk_free_bytes{disk=\"storage\"} "))
        }
    }

    @Test func `a scratch disk that is nearly full is told before it is, and takes uploads`() async throws {
        try await Deployment.with { deployment in
            let attributes = try FileManager.default.attributesOfFileSystem(forPath: deployment.scratch.path)
            let free = try #require((attributes[.systemFreeSize] as? NSNumber)?.int64Value)
            let node = try await deployment.start("api", ["VERBATIM_SCRATCH_BYTES": "\(free * 30)"])
            let customer = try await deployment.customer(at: node)
            _ = try await node.process.log.line(with: "\"level\":\"warning\"", "the scratch disk is nearly full")
            let ready = try await customer.get("/readyz")
            #expect(ready.status == 200)
            #expect(try (ready.json["checks"] as? [String: String])?["scratch"] == "nearly full")
            _ = try await customer.submit(file: Recordings.clip("0880"))
        }
    }

    @Test func `a store that is away is told once, however many recordings and looks find that out`() async throws {
        let store = try await ObjectStore.shared()
        try await Deployment.with { deployment in
            let settings = store.settings(prefix: "away-\(UInt64.random(in: 0 ... .max))").merging(
                ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"]) { $1 }
            let node = try await deployment.start("api", settings)
            let customer = try await deployment.customer(at: node)
            for _ in 0..<2 {
                #expect(try await customer.post(file: Recordings.clip("0880")).status == 503)
                #expect(try await customer.get("/readyz").status == 503)
            }
            let complaints = try Self.complaints(node).map(\.message)
            #expect(complaints.filter { $0 == "the storage is away" }.count == 1)
            #expect(complaints.filter { $0 == "not ready" }.count == 1)
            #expect(!complaints.contains { $0.contains("back") || $0 == "ready again" })
        }
    }
}
