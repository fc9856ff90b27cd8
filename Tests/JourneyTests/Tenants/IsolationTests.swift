import Egress
import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Charlie looks at Alice's things, in every way that he can think of.
@Suite struct IsolationTests {
    @Test func `nothing of another tenant's is found, in whatever way one asks for it`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let alice = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            let key = [(name: "Idempotency-Key", value: "k")]
            let posted = try await alice.post(
                file: Recordings.clip("0880"), fields: ["metadata": #"{"a":1}"#], headers: key)
            let job = try #require(try posted.json["job_id"] as? String)
            _ = try await alice.finished(job)
            let tag = try #require(try await alice.get("/jobs/\(job)/transcript").headers["ETag"])

            var ways: [(method: String, path: String, headers: [(name: String, value: String)])] = [
                ("GET", "/jobs/\(job)", []), ("HEAD", "/jobs/\(job)", []), ("DELETE", "/jobs/\(job)", []),
                ("POST", "/jobs/\(job)/cancel", []), ("DELETE", "/jobs/\(job)/transcript", []),
                ("GET", "/jobs/\(job)/transcript", []),
                ("GET", "/jobs/\(job)/transcript", [(name: "If-None-Match", value: tag)]),
                ("GET", "/jobs/\(job)/transcript", [(name: "If-None-Match", value: "*")]),
                ("GET", "/jobs/\(job)/transcript", [(name: "Accept", value: "text/vtt")]),
                ("GET", "/jobs/\(job)?tenant_id=\(deployment.tenants.example)", []),
                ("GET", "/jobs/\(job)", [(name: "X-Tenant-Id", value: "\(deployment.tenants.example)")]),
                ("GET", "/jobs/\(job)", [(name: "X-Forwarded-For", value: "127.0.0.1")]),
                ("GET", "/jobs/\(job.lowercased())", []), ("GET", "/jobs/\(job)%20", []),
                ("GET", "/jobs/\(job)%00", []),
                ("GET", "/jobs/x/../\(job)", []), ("GET", "/jobs//\(job)", []),
                ("GET", "/jobs/%27%20OR%20%271%27=%271", []),
            ]
            for format in TranscriptFormat.allCases.map(\.rawValue) {
                ways.append(("GET", "/jobs/\(job)/transcript?format=\(format)", []))
            }
            #expect(ways.count >= 20)
            for way in ways {
                let answer = try await charlie.send(way.method, way.path, headers: way.headers)
                #expect(answer.status == 404, "\(way.method) \(way.path): \(answer.status) \(answer.text)")
                #expect(!answer.text.contains(deployment.tenants.example.rawValue))
            }

            // What answers, answers with his own things alone.
            let cursor = Data(job.utf8).base64EncodedString()
            for path in [
                "/jobs", "/jobs?cursor=\(cursor)", "/jobs?status=completed", "/jobs?since=2000-01-01T00:00:00Z",
            ] {
                #expect(try await charlie.get(path).json["jobs"] as? [String] == [])
            }
            let usage = try await charlie.get("/usage").json
            #expect(usage["used_seconds"] as? Int == 0)
            #expect(usage["reserved_seconds"] as? Int == 0)
            let his = try await charlie.post(
                file: Recordings.clip("0880"), fields: ["metadata": #"{"a":1}"#], headers: key)
            #expect(his.status == 202)
            #expect(his.headers["Idempotent-Replayed"] == nil)
            #expect(try his.json["job_id"] as? String != job)
            #expect(try await alice.get("/jobs/\(job)").json["status"] as? String == "completed")
        }
    }

    /// As if somebody had forgotten the tenant in a query: for every table that the service's tenant role may read, change or clear.
    @Test func `where a query forgets the tenant, the database does not`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let alice = try await deployment.customer(at: node)
            let posted = try await alice.post(
                file: Recordings.clip("0880"), headers: [(name: "Idempotency-Key", value: "k")])
            _ = try await alice.finished(try #require(try posted.json["job_id"] as? String))
            let owner = deployment.tenants.owner
            let tables = try await owner.query(
                """
                SELECT table_name::text, string_agg(privilege_type, ','),
                    has_column_privilege('verbatim_app', table_name::text, 'tenant_id', 'SELECT')
                FROM information_schema.role_table_grants
                WHERE grantee = 'verbatim_app' AND table_name IN (
                    SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public')
                GROUP BY 1 ORDER BY 1
                """
            ).map { try $0.decode(String.self, String.self, Bool.self) }
            #expect(tables.count >= 10)
            var withRows = 0
            let app = deployment.tenants.databases.app
            for (table, privileges, isRead) in tables where isRead {
                let hers = try await app.transaction(of: deployment.tenants.example) {
                    try $0.query("SELECT tenant_id FROM \(unescaped: table)").count
                }
                if hers > 0 { withRows += 1 }
                let his = try await app.transaction(of: deployment.tenants.other) {
                    try $0.query("SELECT tenant_id FROM \(unescaped: table)").count
                }
                #expect(his == 0, "\(table)")
                if privileges.contains("DELETE") {
                    let cleared = try await app.transaction(of: deployment.tenants.other) {
                        try $0.execute("DELETE FROM \(unescaped: table)")
                    }
                    #expect(cleared == 0, "\(table)")
                }
                if privileges.contains("UPDATE") {
                    let changed = try await app.transaction(of: deployment.tenants.other) {
                        try $0.execute("UPDATE \(unescaped: table) SET tenant_id = tenant_id")
                    }
                    #expect(changed == 0, "\(table)")
                }
            }
            #expect(withRows >= 6)
            // What it may only add to, it adds in its own name.
            #expect(tables.filter { !$0.2 }.map(\.0) == ["audit_log"])
            let example = deployment.tenants.example
            await #expect(throws: PostgresError.self) {
                try await app.transaction(of: deployment.tenants.other) {
                    try $0.execute("INSERT INTO audit_log (key_id, action, tenant_id) VALUES ('x', 'x', \(example))")
                }
            }
        }
    }
}
