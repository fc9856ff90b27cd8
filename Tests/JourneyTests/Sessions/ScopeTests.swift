import API
import Egress
import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// What each scope allows, for every call in `RouteTable`: a new call is tested without a change here.
@Suite struct ScopeTests {
    /// A path of a rule with real ids. What is only deleted is not needed afterward.
    private static func path(_ rule: RouteTable.Rule, job: String, key: String) -> String {
        rule.path.replacing("{id}", with: rule.path.hasPrefix("/keys") ? key : job)
    }

    private static func guarded() -> [(rule: RouteTable.Rule, scope: Scope)] {
        RouteTable.rules.compactMap { rule in
            if case .scope(let scope) = rule.access { (rule, scope) } else { nil }
        }
    }

    @Test func `each call needs its scope, and no other one helps`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let tenants = deployment.tenants
            let job = try await JobScene.insert(.completed, of: tenants.example, into: tenants).rawValue
            let other = try await tenants.issueKey(for: tenants.example).id.rawValue
            #expect(Self.guarded().count >= 17)
            for scope in Scope.allCases {
                let customer = try await deployment.customer(scopes: [scope], at: node)
                for (rule, needed) in Self.guarded() where needed != scope {
                    let answer = try await customer.send(rule.method, Self.path(rule, job: job, key: other))
                    let problem = try answer.problem(403)
                    #expect(problem["error"] as? String == "insufficient_scope", "\(scope) \(rule)")
                    #expect(problem["scope"] as? String == needed.rawValue, "\(scope) \(rule)")
                    #expect(
                        answer.headers["WWW-Authenticate"]
                            == "Bearer error=\"insufficient_scope\", scope=\"\(needed.rawValue)\"")
                }
                for (rule, needed) in Self.guarded() where needed == scope {
                    let answer = try await customer.send(rule.method, Self.path(rule, job: job, key: "000000000000"))
                    #expect(![401, 403, 405, 500].contains(answer.status), "\(scope) \(rule): \(answer.text)")
                }
            }
        }
    }

    @Test func `nothing is answered without a token, to another account, to a revoked key or a suspended account`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let tenants = deployment.tenants
            let job = try await JobScene.insert(.completed, of: tenants.example, into: tenants).rawValue
            let key = try await tenants.issueKey(for: tenants.example)
            let all = Set(Scope.allCases)
            let charlie = try await deployment.customer(of: tenants.other, scopes: all, at: node)
            let revoked = try await deployment.customer(scopes: all, at: node)
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let alice = try await deployment.customer(scopes: all, at: node)
            try await tenants.owner.execute(
                """
                UPDATE api_keys SET revoked_at = now() WHERE id <> \(key.id) AND tenant_id = \(tenants.example)
                    AND id = (SELECT id FROM api_keys WHERE tenant_id = \(tenants.example) ORDER BY created_at LIMIT 1 OFFSET 1)
                """)
            try await eventually("the key is revoked") { try await revoked.get("/jobs").status == 401 }
            for (rule, _) in Self.guarded() {
                let path = Self.path(rule, job: job, key: key.id.rawValue)
                #expect(try await anyone.send(rule.method, path).problem(401)["error"] as? String == "invalid_token")
                #expect(try await revoked.send(rule.method, path).status == 401, "\(rule)")
                guard rule.path.contains("{id}") else { continue }
                let body = rule.method == "GET" || rule.method == "DELETE" ? nil : "{}"
                #expect(try await charlie.send(rule.method, path, json: body).status == 404, "\(rule)")
            }
            try await tenants.owner.execute("UPDATE tenants SET status = 'suspended' WHERE id = \(tenants.example)")
            try await eventually("the account is suspended") { try await alice.get("/jobs").status == 403 }
            for (rule, _) in Self.guarded() {
                let answer = try await alice.send(rule.method, Self.path(rule, job: job, key: key.id.rawValue))
                #expect(try answer.problem(403)["error"] as? String == "account_suspended", "\(rule)")
            }
        }
    }

    @Test func `a change of scopes holds on every node within a second, for tokens from before, too`() async throws {
        try await Deployment.with { deployment in
            let (first, second) = (try await deployment.start("api"), try await deployment.start("api"))
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: first)
            let key = try await admin.createKey(#"{"name":"worker","scopes":["jobs:read","usage:read"]}"#)
            let token = try await Customer.logIn(apiKey: key.text, at: first, over: deployment.http).token
            let narrow = try await Customer.narrowToken(
                #"{"api_key":"\#(key.text)","scopes":["jobs:read"]}"#, at: first, over: deployment.http)
            let nodes = [first, second]
            func customer(_ node: Node, _ token: String) -> Customer {
                Customer(node: node, http: deployment.http, token: token)
            }
            for node in nodes {
                #expect(try await customer(node, token).get("/usage").status == 200)
                #expect(try await customer(node, narrow).get("/usage").status == 403)
                #expect(try await customer(node, narrow).get("/jobs").status == 200)
            }
            let changed = try await admin.send(
                "PATCH", "/keys/\(key.id)", json: #"{"scopes":["jobs:read","webhooks:write"]}"#)
            #expect(try changed.json["scopes"] as? [String] == ["jobs:read", "webhooks:write"])
            for node in nodes {
                try await eventually("the scope is gone", within: 1) {
                    try await customer(node, token).get("/usage").status == 403
                }
                #expect(try await customer(node, token).get("/webhook").status == 200)
                #expect(try await customer(node, narrow).get("/webhook").status == 403)
                #expect(try await customer(node, narrow).get("/jobs").status == 200)
            }
            _ = try await admin.send("PATCH", "/keys/\(key.id)", json: #"{"scopes":["usage:read"]}"#)
            for node in nodes {
                try await eventually("the narrow token has nothing left", within: 1) {
                    try await customer(node, narrow).get("/jobs").status == 403
                }
                #expect(try await customer(node, narrow).get("/usage").status == 403)
            }
        }
    }

    @Test func `a narrower token does less, ends sooner and has no refresh token`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example)
            let anyone = Customer(node: node, http: deployment.http, token: "")
            func ask(_ more: String) async throws -> Answer {
                try await anyone.send("POST", "/auth/token", json: #"{"api_key":"\#(key.text)",\#(more)}"#)
            }
            let answer = try await ask(#""scopes":["jobs:write"],"expires_in":60"#)
            #expect(answer.status == 200)
            #expect(try answer.json["expires_in"] as? Int == 60)
            #expect(try Set(answer.json.keys) == ["access_token", "token_type", "expires_in"])
            let token = try #require(try answer.json["access_token"] as? String)
            let uploader = Customer(node: node, http: deployment.http, token: token)
            #expect(try await uploader.get("/jobs").status == 403)
            #expect(try await uploader.post(file: Recordings.clip("0880")).status == 202)

            for (more, status, field) in [
                (#""scopes":[]"#, 400, "scopes"), (#""scopes":["jobs"]"#, 400, "scopes"),
                (#""scopes":"jobs:read""#, 400, "scopes"),
                (#""expires_in":59"#, 400, "expires_in"), (#""expires_in":3601"#, 400, "expires_in"),
            ] {
                #expect(try await ask(more).problem(status)["field"] as? String == field, "\(more)")
            }
            let beyond = try await ask(#""scopes":["jobs:read","keys:write"]"#).problem(403)
            #expect(beyond["error"] as? String == "insufficient_scope" && beyond["scope"] as? String == "keys:write")
        }
    }
}
