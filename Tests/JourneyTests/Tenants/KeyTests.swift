import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// An account's API keys, managed by the account.
@Suite struct KeyTests {
    private static func list(_ customer: Customer, _ query: String = "") async throws -> [[String: Any]] {
        try #require(try await customer.get("/keys\(query)").json["keys"] as? [[String: Any]])
    }

    @Test func `a key is created, listed, renamed, rotated and revoked`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let created = try await admin.send(
                "POST", "/keys",
                json: #"{"name":" reports ","scopes":["usage:read","jobs:read"],"expires_at":"2999-01-01T00:00:00Z"}"#)
            #expect(created.status == 201)
            let key = try created.json
            let (id, text) = (try #require(key["key_id"] as? String), try #require(key["api_key"] as? String))
            #expect(text.hasPrefix("tsk_live_\(id)"))
            #expect(key["name"] as? String == "reports")
            #expect(key["scopes"] as? [String] == ["jobs:read", "usage:read"])
            #expect(key["expires_at"] as? String == "2999-01-01T00:00:00.000Z")
            #expect(key["last_used_at"] is NSNull)

            let reports = try await Customer.logIn(apiKey: text, at: node, over: deployment.http)
            #expect(try await reports.get("/usage").status == 200)
            #expect(try await reports.get("/keys").status == 403)
            let listed = try #require(try await Self.list(admin).first { $0["key_id"] as? String == id })
            #expect(listed["api_key"] == nil && listed["last_used_at"] is String)
            #expect(listed["status"] as? String == "expiring")

            let renamed = try await admin.send("PATCH", "/keys/\(id)", json: #"{"name":"finance"}"#)
            #expect(try renamed.json["name"] as? String == "finance")
            #expect(try renamed.json["scopes"] as? [String] == ["jobs:read", "usage:read"])

            let rotated = try await admin.send("POST", "/keys/\(id)/rotate", json: #"{"grace_seconds":3600}"#)
            #expect(rotated.status == 201)
            let new = try #require(try rotated.json["api_key"] as? String)
            #expect(try rotated.json["scopes"] as? [String] == ["jobs:read", "usage:read"])
            for key in [text, new] { _ = try await Customer.logIn(apiKey: key, at: node, over: deployment.http) }
            let again = try await admin.send("POST", "/keys/\(id)/rotate", json: "{}")
            #expect(try again.problem(409)["error"] as? String == "key_not_active")

            #expect(try await admin.send("DELETE", "/keys/\(id)").status == 204)
            #expect(try await admin.send("DELETE", "/keys/\(id)").status == 204)
            try await eventually("its token is refused", within: 1) { try await reports.get("/usage").status == 401 }
            #expect(try await admin.send("PATCH", "/keys/\(id)", json: "{}").status == 409)

            let olga = Operator(tenants: deployment.tenants)
            let actions = try await olga.list("audit").map { $0["action"] as? String }
            #expect(actions == ["key revoke", "key rotate", "key change", "key issue"])
            for line in node.process.log.lines { #expect(!line.contains(text) && !line.contains(new)) }
        }
    }

    @Test func `nobody gives a key more than they may do`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let manager = try await deployment.customer(scopes: [.writeKeys, .readJobs], at: node)
            let own = try await manager.createKey(#"{"name":"own"}"#)
            // The default is what a key usually may, as far as the creator may it.
            #expect(own.scopes == ["jobs:read"])
            let strong = try await deployment.tenants.issueKey(for: deployment.tenants.example).id.rawValue
            for (method, path, body) in [
                ("POST", "/keys", #"{"name":"x","scopes":["jobs:read","jobs:write"]}"#),
                ("PATCH", "/keys/\(own.id)", #"{"scopes":["jobs:write"]}"#), ("POST", "/keys/\(strong)/rotate", "{}"),
            ] {
                let problem = try await manager.send(method, path, json: body).problem(403)
                #expect(problem["error"] as? String == "insufficient_scope", "\(path)")
                #expect(problem["scope"] as? String == "jobs:write", "\(path)")
            }
            #expect(try await Self.list(manager).count == 3)
        }
    }

    @Test func `a wrong request says what is wrong, and changes nothing`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            for (body, field) in [
                ("{}", "name"), (#"{"name":""}"#, "name"), (#"{"name":"a\nb"}"#, "name"),
                (#"{"name":"\#(String(repeating: "x", count: 201))"}"#, "name"), (#"{"name":1}"#, "name"),
                (#"{"name":"x","scopes":[]}"#, "scopes"), (#"{"name":"x","scopes":["admin"]}"#, "scopes"),
                (#"{"name":"x","scopes":[1]}"#, "scopes[0]"),
                (#"{"name":"x","expires_at":"2020-01-01T00:00:00Z"}"#, "expires_at"),
                (#"{"name":"x","expires_at":"tomorrow"}"#, "expires_at"),
            ] {
                #expect(
                    try await admin.send("POST", "/keys", json: body).problem(400)["field"] as? String == field,
                    "\(body)")
            }
            for grace in ["-1", "2592001"] {
                let key = try await Self.list(admin).first?["key_id"] as? String ?? ""
                let answer = try await admin.send("POST", "/keys/\(key)/rotate", json: #"{"grace_seconds":\#(grace)}"#)
                #expect(try answer.problem(400)["field"] as? String == "grace_seconds")
            }
            for id in ["000000000000", "x", "%00", "a%2Fb"] {
                #expect(try await admin.send("DELETE", "/keys/\(id)").status == 404, "\(id)")
            }
            for query in ["limit=0", "limit=201", "cursor=x"] {
                #expect(try await admin.get("/keys?\(query)").status == 400, "\(query)")
            }
            #expect(try await Self.list(admin).count == 1)
        }
    }

    @Test func `pages of keys, newest first, and a limit to how many there are`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let example = deployment.tenants.example
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO api_keys (tenant_id, id, name, scopes, secret_hash, created_at)
                SELECT \(example), lpad(n::text, 12, 'k'), 'k', '{jobs:read}', '$argon2id$', now() - n * interval '1 day'
                FROM generate_series(1, 99) n
                """)
            var (ids, cursor): ([String], String?) = ([], "")
            while let next = cursor {
                let page = try await admin.get("/keys?limit=30&cursor=\(next)").json
                ids += try #require(page["keys"] as? [[String: Any]]).compactMap { $0["key_id"] as? String }
                cursor = page["next_cursor"] as? String
            }
            #expect(ids.count == 100 && Set(ids).count == 100 && ids.last == "kkkkkkkkkk99")
            let refused = try await admin.send("POST", "/keys", json: #"{"name":"one more"}"#).problem(409)
            #expect(refused["error"] as? String == "limit_reached" && refused["limit"] as? Int == 100)
            #expect(try await admin.send("DELETE", "/keys/\(ids[5])").status == 204)
            // There is room for one, however many ask for it at once.
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask { try await admin.send("POST", "/keys", json: #"{"name":"\#(number)"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.sorted() == [201] + Array(repeating: 409, count: 7))
        }
    }

    @Test func `an account that creates keys in a row leaves logins and other accounts their turn`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let all = Set(Scope.allCases)
            let admin = try await deployment.customer(scopes: all, at: node)
            let other = try await deployment.customer(of: deployment.tenants.other, scopes: all, at: node)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 0..<70 {
                    group.addTask { try await admin.send("POST", "/keys", json: #"{"name":"\#(number)"}"#) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 201 } == 60)
            let refused = answers.filter { $0.status != 201 }
            for answer in refused {
                #expect(try answer.problem(429)["error"] as? String == "rate_limited")
                #expect(Int(answer.headers["Retry-After"] ?? "") ?? 0 >= 1)
            }
            let key = try await Self.list(admin).first?["key_id"] as? String ?? ""
            #expect(try await admin.send("POST", "/keys/\(key)/rotate", json: "{}").status == 429)
            #expect(try await other.send("POST", "/keys", json: #"{"name":"mine"}"#).status == 201)
        }
    }
}
