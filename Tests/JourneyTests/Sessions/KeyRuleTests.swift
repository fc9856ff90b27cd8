import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// From where a key may be used, tokens for a single job, and calls from web pages.
@Suite struct KeyRuleTests {
    private static func from(_ address: String) -> [(name: String, value: String)] {
        [(name: "X-Forwarded-For", value: address)]
    }

    @Test func `a key with addresses works from there alone, on every node within a second`() async throws {
        try await Deployment.with { deployment in
            let settings = ["VERBATIM_TRUSTED_PROXIES": "127.0.0.1"]
            let nodes = [try await deployment.start("api", settings), try await deployment.start("api", settings)]
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: nodes[0])
            let key = try await admin.createKey(
                #"{"name":"server","allowed_addresses":["192.0.2.0/24","2001:db8::/32"]}"#)
            let anyone = Customer(node: nodes[0], http: deployment.http, token: "")
            let body = #"{"api_key":"\#(key.text)"}"#
            let outside = try await anyone.send("POST", "/auth/token", json: body, headers: Self.from("198.51.100.7"))
            #expect(try outside.problem(403)["error"] as? String == "address_not_allowed")
            let session = try await anyone.send("POST", "/auth/token", json: body, headers: Self.from("192.0.2.9")).json
            let token = try #require(session["access_token"] as? String)
            for node in nodes {
                let customer = Customer(node: node, http: deployment.http, token: token)
                for address in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.77"] {
                    #expect(try await customer.get("/jobs", headers: Self.from(address)).status == 200, "\(address)")
                }
                try await eventually("the node knows the new key's addresses", within: 1) {
                    try await customer.get("/jobs", headers: Self.from("192.0.3.1")).status == 403
                }
                for address in ["192.0.3.1", "2001:db9::1", "127.0.0.1"] {
                    let refused = try await customer.get("/jobs", headers: Self.from(address)).problem(403)
                    #expect(refused["error"] as? String == "address_not_allowed", "\(address)")
                }
            }
            let refresh = try #require(session["refresh_token"] as? String)
            let refreshing = #"{"refresh_token":"\#(refresh)"}"#
            #expect(
                try await anyone.send("POST", "/auth/refresh", json: refreshing, headers: Self.from("198.51.100.7"))
                    .problem(403)["error"] as? String == "address_not_allowed")
            #expect(
                try await anyone.send("POST", "/auth/refresh", json: refreshing, headers: Self.from("192.0.2.9")).status
                    == 200)

            // A change holds everywhere, also for tokens from before.
            let changed = try await admin.send(
                "PATCH", "/keys/\(key.id)", json: #"{"allowed_addresses":["198.51.100.0/24"]}"#)
            #expect(try changed.json["allowed_addresses"] as? [String] == ["198.51.100.0/24"])
            for node in nodes {
                let customer = Customer(node: node, http: deployment.http, token: token)
                try await eventually("the new addresses hold", within: 1) {
                    try await customer.get("/jobs", headers: Self.from("192.0.2.1")).status == 403
                }
                #expect(try await customer.get("/jobs", headers: Self.from("198.51.100.7")).status == 200)
            }
            // A node that starts later knows them, too.
            try await deployment.tenants.owner.execute("UPDATE api_keys SET changed_at = now() - interval '2 hours'")
            let late = Customer(
                node: try await deployment.start("api", settings), http: deployment.http, token: token)
            #expect(try await late.get("/jobs", headers: Self.from("192.0.2.1")).status == 403)
            #expect(try await late.get("/jobs", headers: Self.from("198.51.100.7")).status == 200)
            _ = try await admin.send("PATCH", "/keys/\(key.id)", json: #"{"allowed_addresses":[]}"#)
            try await eventually("it works from anywhere", within: 1) {
                try await late.get("/jobs", headers: Self.from("192.0.2.1")).status == 200
            }
            for bad in [#"["192.0.2.1/24"]"#, #"["nowhere"]"#, #"["192.0.2.0/33"]"#, #""192.0.2.0/24""#] {
                let answer = try await admin.send("POST", "/keys", json: #"{"name":"x","allowed_addresses":\#(bad)}"#)
                #expect(try answer.problem(400)["field"] as? String == "allowed_addresses", "\(bad)")
            }
        }
    }

    @Test func `a token for a single job submits one, whoever tries at the same time`() async throws {
        try await Deployment.with { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example)
            let token = try await Customer.narrowToken(
                #"{"api_key":"\#(key.text)","scopes":["jobs:write","jobs:read"],"expires_in":600,"single_use":true}"#,
                at: nodes[0], over: deployment.http)
            let customers = nodes.map { Customer(node: $0, http: deployment.http, token: token) }
            let file = try await Recordings.short(into: deployment.scratch)
            // What is refused uses nothing up.
            #expect(try await customers[0].post(file: file, fields: ["language": "xx"]).status == 400)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 { group.addTask { try await customers[number % 2].post(file: file).status } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [202: 1, 401: 11])
            let refused = try await customers[1].post(file: file).problem(401)
            #expect(refused["error"] as? String == "invalid_token")
            #expect((try await customers[1].get("/jobs").json["jobs"] as? [Any])?.count == 1)
            let jobs = try await deployment.tenants.owner.query("SELECT count(*) FROM jobs")[0].decode(Int.self)
            #expect(jobs == 1)
        }
    }

    @Test func `pages of listed origins may call the API, and others get no permission`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start(
                "api", ["VERBATIM_CORS_ORIGINS": "https://app.example.com, http://localhost:3000"])
            let closed = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            func headers(_ origin: String) -> [(name: String, value: String)] { [(name: "Origin", value: origin)] }
            let preflight =
                headers("https://app.example.com") + [
                    (name: "Access-Control-Request-Method", value: "POST"),
                    (name: "Access-Control-Request-Headers", value: "authorization,content-type"),
                ]
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let allowed = try await anyone.send("OPTIONS", "/jobs", headers: preflight)
            #expect(allowed.status == 204)
            #expect(allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.com")
            #expect(allowed.headers["Access-Control-Allow-Methods"]?.contains("POST") == true)
            #expect(allowed.headers["Access-Control-Allow-Headers"]?.contains("Authorization") == true)
            let answer = try await customer.get("/jobs", headers: headers("http://localhost:3000"))
            #expect(answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000")
            #expect(answer.headers["Access-Control-Expose-Headers"]?.contains("Retry-After") == true)
            #expect(answer.headers["Vary"]?.contains("Origin") == true)
            // Errors, too: a page must be able to read why.
            let failed = try await anyone.get("/jobs", headers: headers("https://app.example.com"))
            #expect(failed.status == 401 && failed.headers["Access-Control-Allow-Origin"] == "https://app.example.com")
            for origin in ["https://evil.example", "https://app.example.com.evil.example", "null"] {
                let refused = try await customer.get("/jobs", headers: headers(origin))
                #expect(refused.status == 200 && refused.headers["Access-Control-Allow-Origin"] == nil, "\(origin)")
            }
            let none = try await Customer(node: closed, http: deployment.http, token: "").send(
                "OPTIONS", "/jobs", headers: preflight)
            #expect(none.headers["Access-Control-Allow-Origin"] == nil)
        }
    }
}
