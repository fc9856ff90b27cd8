import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AuditCommandTests {
    @Test func `what was changed is listed newest first, with who did it and what it was`() async throws {
        try await Operator.with { olga in
            _ = try await olga.call("quota", "set", "--tenant", olga.example, "--concurrency", "3")
            _ = try await olga.call("tenant", "set-plan", olga.other, "--plan", "free", "--as", "otto")
            _ = try await olga.call("quota", "clear", "--tenant", olga.example)
            let all = try await olga.list("audit")
            #expect(all.map { $0["action"] as? String } == ["quota clear", "tenant set-plan", "quota set"])
            #expect(all.map { $0["operator"] as? String } == ["olga", "otto", "olga"])
            #expect(all[1]["details"] as? [String: String] == ["from": "pro", "to": "free"])
            let own = try await olga.list("audit", "--tenant", olga.example)
            #expect(own.map { $0["action"] as? String } == ["quota clear", "quota set"])
            #expect(try await olga.list("audit", "--limit", "1").count == 1)
            #expect(try await olga.call("audit").output.contains("from=pro to=free"))
        }
    }

    @Test func `a customer's changes are listed with the key that made them`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let keys = try await deployment.tenants.owner.query("SELECT id FROM api_keys").map {
                try $0.decode(String.self)
            }
            let url = #"{"url":"https://example.org/hook"}"#
            // The second call changes nothing.
            for _ in 0..<2 { #expect(try await alice.send("PUT", "/webhook", json: url).status == 200) }
            #expect(try await alice.send("PUT", "/webhook", json: #"{"url":null}"#).status == 200)
            let job = try await alice.submit(file: Recordings.clip("0880"))
            #expect(try await alice.send("POST", "/jobs/\(job)/cancel").status == 202)
            #expect(try await alice.send("POST", "/jobs/\(job)/cancel").status == 409)
            #expect(try await alice.send("DELETE", "/jobs/\(job)").status == 204)
            #expect(try await alice.send("DELETE", "/jobs/\(job)").status == 404)
            let olga = Operator(tenants: deployment.tenants)
            let rows = try await olga.list("audit", "--tenant", olga.example)
            let actions = rows.map { "\($0["action"] as? String ?? "") \($0["target"] as? String ?? "")" }
            #expect(actions == ["job delete \(job)", "job cancel \(job)", "webhook remove ", "webhook set "])
            let done = try await JobScene.insert(.completed, of: deployment.tenants.example, into: deployment.tenants)
            for _ in 0..<2 { #expect(try await alice.send("DELETE", "/jobs/\(done)/transcript").status == 204) }
            #expect(try await olga.list("audit", "--tenant", olga.example).count == 5)
            #expect(rows.allSatisfy { $0["operator"] == nil && $0["key_id"] as? String == keys.first })
            #expect(try await olga.call("audit").output.contains("key \(keys.first ?? "")"))
        }
    }

    @Test func `what cannot be written down is not done`() async throws {
        try await Operator.with { olga in
            let key = try await olga.tenants.issueKey(for: olga.tenants.example).id.rawValue
            _ = try await olga.call("quota", "set", "--tenant", olga.example, "--concurrency", "3", "--as", "otto")
            try await olga.tenants.owner.execute(
                "ALTER TABLE audit_log ADD CONSTRAINT nothing_of_olgas CHECK (operator <> 'olga')")
            let tables = ["tenants", "api_keys", "quota_overrides", "audit_log"]
            func contents() async throws -> [[String]] {
                var contents: [[String]] = []
                for table in tables {
                    contents.append(
                        try await olga.tenants.owner.query(
                            "SELECT row_to_json(t)::text FROM \(unescaped: table) t ORDER BY 1"
                        ).map { try $0.decode(String.self) })
                }
                return contents
            }
            let before = try await contents()
            for change in [
                ["tenant", "create", "--name", "New", "--plan", "pro"], ["tenant", "suspend", olga.example, "--yes"],
                ["tenant", "set-plan", olga.example, "--plan", "free"], ["key", "rotate", key],
                ["key", "issue", "--tenant", olga.example, "--name", "x"], ["key", "revoke", key, "--yes"],
                ["quota", "set", "--tenant", olga.example, "--concurrency", "4"],
                ["quota", "clear", "--tenant", olga.example],
            ] {
                let result = try await olga.call(change)
                #expect(result.status == 1, "\(change)")
                #expect(result.output.isEmpty, "\(change)")
            }
            #expect(try await contents() == before)
        }
    }

    @Test func `a change is somebody's, whatever the environment says`() async throws {
        try await Operator.with { olga in
            let change = ["tenant", "set-plan", olga.example, "--plan"]
            #expect(try await olga.call(change + ["free", "--as", " "]).status == 64)
            let admin = Checkout.executable("verbatim-admin")
            let database = ["VERBATIM_DATABASE_URL": olga.tenants.database.url]
            let (named, nameless) = (["USER": "", "LOGNAME": "logan"], ["USER": ""])
            _ = try await Command.run(
                admin, change + ["free"], environment: database.merging(named) { $1 })
            _ = try await Command.run(
                admin, change + ["business"], environment: database.merging(nameless) { $1 })
            #expect(
                try await olga.list("audit").map { $0["operator"] as? String } == ["uid \(getuid())", "logan"])
        }
    }

    @Test func `a moment or a time ago bounds it`() async throws {
        try await Operator.with { olga in
            try await olga.tenants.owner.execute(
                """
                INSERT INTO audit_log (at, operator, action) VALUES
                    ('2026-01-01T00:00:00Z', 'olga', 'first'), (now() - interval '2 hours', 'olga', 'second'),
                    (now(), 'olga', 'third')
                """)
            func actions(_ since: String) async throws -> [String?] {
                try await olga.list("audit", "--since", since).map { $0["action"] as? String }
            }
            #expect(try await actions("1h") == ["third"])
            #expect(try await actions("3h") == ["third", "second"])
            #expect(try await actions("2026-01-01T00:00:00Z") == ["third", "second", "first"])
            #expect(try await actions("2026-01-01T00:00:01Z") == ["third", "second"])
            #expect(try await olga.call("audit", "--since", "yesterday").status == 64)
            #expect(try await olga.call("audit", "--limit", "10001").status == 64)
        }
    }
}
