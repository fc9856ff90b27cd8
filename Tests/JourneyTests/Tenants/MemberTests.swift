import API
import Egress
import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// People of an account: invitations, passwords, sessions and roles, through the real executables.
@Suite struct MemberTests {
    private static let password = "correct horse battery"

    /// A browser with a session.
    struct Browser: Sendable {
        let node: Node
        let http: EgressClient
        let cookie: String
        let csrf: String

        func send(
            _ method: String, _ path: String, json: String? = nil, csrf: String? = nil
        ) async throws -> Answer {
            var headers = [(name: "Cookie", value: "theme=dark; \(cookie)")]
            let token = csrf ?? self.csrf
            if method != "GET", !token.isEmpty { headers.append((name: "X-CSRF-Token", value: token)) }
            return try await Customer(node: node, http: http, token: "").send(
                method, path, json: json, headers: headers)
        }

        func at(_ node: Node) -> Browser { Browser(node: node, http: http, cookie: cookie, csrf: csrf) }
    }

    private static func invite(
        _ deployment: Deployment, _ email: String, _ role: String, tenant: TenantID? = nil
    ) async throws -> (id: String, token: String) {
        let id = (tenant ?? deployment.tenants.example).rawValue
        let result = try await deployment.admin(
            "member", "invite", "--tenant", id, "--email", email, "--role", role, "--json")
        try #require(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
        let link = try #require(json["link"] as? String)
        return (try #require(json["member_id"] as? String), String(link.split(separator: "=").last ?? ""))
    }

    private static func accept(_ token: String, _ password: String = password, at node: Node, _ http: EgressClient)
        async throws -> Answer
    {
        try await Customer(node: node, http: http, token: "").send(
            "POST", "/members/password", json: #"{"token":"\#(token)","password":"\#(password)"}"#)
    }

    private static func trySignIn(_ email: String, _ password: String, at node: Node, _ http: EgressClient)
        async throws -> Answer
    {
        try await Customer(node: node, http: http, token: "").send(
            "POST", "/members/sign-in", json: #"{"email":"\#(email)","password":"\#(password)"}"#)
    }

    private static func signIn(
        _ email: String, _ password: String = password, at node: Node, _ http: EgressClient
    ) async throws -> Browser {
        let answer = try await trySignIn(email, password, at: node, http)
        try #require(answer.status == 200, "\(answer.text)")
        let cookie = try #require(answer.headers["Set-Cookie"])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"))
        return Browser(
            node: node, http: http, cookie: String(cookie.prefix { $0 != ";" }),
            csrf: try #require(try answer.json["csrf_token"] as? String))
    }

    private static func member(
        _ deployment: Deployment, _ email: String, _ role: String, tenant: TenantID? = nil, at node: Node
    ) async throws -> (id: String, browser: Browser) {
        let invited = try await invite(deployment, email, role, tenant: tenant)
        #expect(try await accept(invited.token, at: node, deployment.http).status == 200)
        return (invited.id, try await signIn(email, at: node, deployment.http))
    }

    @Test func `an invitation and a reset set a password once, and links that are used or old do nothing`() async throws
    {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            let first = try await Self.invite(deployment, "Olga@Example.com", "owner")
            for bad in ["short", String(repeating: "x", count: 201)] {
                #expect(
                    try await Self.accept(first.token, bad, at: node, http).problem(400)["field"] as? String
                        == "password")
            }
            #expect(
                try await Self.accept(String(repeating: "a", count: 43), at: node, http).problem(410)["error"]
                    as? String == "invalid_link")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 { group.addTask { try await Self.accept(first.token, at: node, http).status } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 1, 410: 5])
            let olga = try await Self.signIn("olga@example.COM", at: node, http)
            let me = try await olga.send("GET", "/members/me")
            #expect(try me.json["role"] as? String == "owner")
            #expect(me.headers["Cache-Control"] == "no-store")

            // A reset: the old password works until the link is used, and then all sessions end.
            let reset = try await olga.send("POST", "/members/\(first.id)/reset")
            let token = try #require(try reset.json["token"] as? String)
            let newer = try #require(try await olga.send("POST", "/members/\(first.id)/reset").json["token"] as? String)
            #expect(try await Self.accept(token, at: node, http).status == 410)
            #expect(try await olga.send("GET", "/members/me").status == 200)
            #expect(try await Self.accept(newer, "another long password", at: node, http).status == 200)
            try await eventually("the session has ended", within: 1) {
                try await olga.send("GET", "/members/me").status == 401
            }
            #expect(try await Self.trySignIn("olga@example.com", Self.password, at: node, http).status == 401)
            let again = try await Self.signIn("olga@example.com", "another long password", at: node, http)
            try await deployment.tenants.owner.execute(
                "UPDATE member_links SET expires_at = now() - interval '1 second', used_at = NULL")
            let old = try await deployment.admin(
                "member", "reset", first.id, "--tenant", deployment.tenants.example.rawValue, "--json")
            #expect(old.status == 0, "\(old.errors)")
            try await deployment.tenants.owner.execute(
                "UPDATE member_links SET expires_at = now() - interval '1 second'")
            let expired = try JSONSerialization.jsonObject(with: Data(old.output.utf8)) as? [String: Any]
            let link = (expired?["link"] as? String ?? "").split(separator: "=").last ?? ""
            #expect(try await Self.accept(String(link), at: node, http).status == 410)
            #expect(try await again.send("GET", "/members/me").status == 200)
            let secrets = try await deployment.tenants.owner.query(
                "SELECT count(*) FROM members WHERE password_hash LIKE '%horse%'")
            #expect(try secrets[0].decode(Int.self) == 0)
            #expect(
                !node.process.log.lines.contains {
                    $0.contains("horse") || $0.contains(newer) || $0.lowercased().contains("olga")
                })
        }
    }

    @Test func `an unknown address and a wrong password get the same answer after the same work`() async throws {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            _ = try await Self.member(deployment, "olga@example.com", "owner", at: node)
            _ = try await Self.invite(deployment, "invited@example.com", "viewer")
            func runs() async throws -> Double {
                try await Scrape(Customer(node: node, http: http, token: "").get("/metrics")).samples[
                    "verbatim_login_checks_total"] ?? -1
            }
            // The first unknown address also makes the hash that nobody knows.
            _ = try await Self.trySignIn("first@example.com", "something wrong", at: node, http)
            var answers: [String] = []
            for email in ["olga@example.com", "nobody@example.com", "invited@example.com", "not an address"] {
                let before = try await runs()
                let answer = try await Self.trySignIn(email, "something wrong", at: node, http)
                #expect(answer.headers["Set-Cookie"] == nil)
                var problem = try answer.problem(401)
                problem["request_id"] = nil
                answers.append("\(problem.sorted { $0.key < $1.key })")
                #expect(try await runs() - before == 1, "\(email)")
            }
            #expect(Set(answers).count == 1)
            // Ten wrong passwords a minute from one address; the account of another address is not locked out.
            for _ in 0..<9 { _ = try await Self.trySignIn("olga@example.com", "something wrong", at: node, http) }
            let limited = try await Self.trySignIn("olga@example.com", "something wrong", at: node, http)
            #expect(try limited.problem(429)["error"] as? String == "rate_limited")
            #expect(limited.headers["Retry-After"] != nil)
            for _ in 0..<9 { _ = try await Self.trySignIn("nobody@example.com", "something wrong", at: node, http) }
            #expect(try await Self.trySignIn("nobody@example.com", "something wrong", at: node, http).status == 429)
        }
    }

    @Test func `a role decides what a member may do; changes hold on every node within a second`() async throws {
        try await Deployment.with { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let http = deployment.http
            let job = try await JobScene.insert(.completed, of: deployment.tenants.example, into: deployment.tenants)
            let owner = try await Self.member(deployment, "owner@example.com", "owner", at: nodes[0])
            let developer = try await Self.member(deployment, "dev@example.com", "developer", at: nodes[0])
            let finance = try await Self.member(deployment, "finance@example.com", "finance", at: nodes[0])
            let viewer = try await Self.member(deployment, "viewer@example.com", "viewer", at: nodes[0])
            let charlie = try await Self.member(
                deployment, "charlie@example.com", "owner", tenant: deployment.tenants.other, at: nodes[0])
            let calls: [(String, String, String?, Set<String>)] = [
                ("GET", "/jobs/\(job)", nil, ["owner", "developer", "viewer"]),
                ("GET", "/usage", nil, ["owner", "finance"]), ("GET", "/statements", nil, ["owner", "finance"]),
                ("GET", "/keys", nil, ["owner", "developer"]), ("GET", "/webhooks", nil, ["owner", "developer"]),
                ("PUT", "/account/limits", "{}", ["owner", "finance"]), ("GET", "/members", nil, ["owner"]),
                ("POST", "/keys", #"{"name":"x","scopes":["jobs:read"]}"#, ["owner", "developer"]),
            ]
            let people = ["owner": owner, "developer": developer, "finance": finance, "viewer": viewer]
            for (method, path, body, roles) in calls {
                for (role, person) in people {
                    let answer = try await person.browser.send(method, path, json: body)
                    #expect((answer.status < 300) == roles.contains(role), "\(role) \(method) \(path): \(answer.text)")
                    if answer.status >= 300 { #expect(answer.status == 403) }
                }
            }
            // Nobody gives a key more than they may do themselves.
            #expect(
                try await developer.browser.send("POST", "/keys", json: #"{"name":"x","scopes":["usage:read"]}"#)
                    .problem(403)[
                        "error"] as? String == "insufficient_scope")
            // A key that could raise the cap comes from an owner.
            let raising = #"{"name":"x","scopes":["keys:write"]}"#
            #expect(
                try await developer.browser.send("POST", "/keys", json: raising).problem(403)["error"] as? String
                    == "role_required")
            let strong = try await owner.browser.send("POST", "/keys", json: raising)
            #expect(strong.status == 201)
            let path = "/keys/\(try #require(try strong.json["key_id"] as? String))"
            #expect(try await developer.browser.send("POST", "\(path)/rotate", json: "{}").status == 403)
            for change in [#"{"allowed_addresses":null}"#, #"{"monthly_minutes":null}"#] {
                #expect(try await developer.browser.send("PATCH", path, json: change).status == 403)
                #expect(try await owner.browser.send("PATCH", path, json: change).status == 200)
            }
            #expect(try await charlie.browser.send("GET", "/jobs/\(job)").status == 404)
            for (method, path) in [
                ("PATCH", "/members/\(viewer.id)"), ("DELETE", "/members/\(viewer.id)"),
                ("POST", "/members/\(viewer.id)/reset"),
            ] {
                #expect(
                    try await charlie.browser.send(method, path, json: #"{"role":"owner"}"#).status == 404, "\(method)")
            }
            let key = try await deployment.customer(scopes: Set(Scope.allCases), at: nodes[0])
            #expect(try await key.get("/members").problem(403)["error"] as? String == "role_required")

            // Another site of the domain can set a cookie beside the member's: then there is no session, neither one's nor the other's.
            for both in [
                "\(owner.browser.cookie); \(charlie.browser.cookie)",
                "\(charlie.browser.cookie); \(owner.browser.cookie)",
            ] {
                let tossed = Browser(node: nodes[0], http: http, cookie: both, csrf: owner.browser.csrf)
                #expect(try await tossed.send("GET", "/members/me").status == 401)
            }
            // An address that looks like another one is none.
            for invisible in ["a\u{200B}@example.com", "a\u{202E}@example.com", "a\u{9B}@example.com"] {
                let body = #"{"email":"\#(invisible)","role":"viewer"}"#
                #expect(
                    try await owner.browser.send("POST", "/members", json: body).problem(400)["field"] as? String
                        == "email")
            }

            // Without the session's CSRF token nothing changes.
            for wrong in ["", "0", viewer.browser.csrf] {
                let refused = try await owner.browser.send(
                    "PATCH", "/members/\(viewer.id)", json: #"{"role":"owner"}"#, csrf: wrong)
                #expect(try refused.problem(403)["error"] as? String == "csrf_token_missing")
            }
            let changed = try await owner.browser.send("PATCH", "/members/\(viewer.id)", json: #"{"role":"finance"}"#)
            #expect(try changed.json["role"] as? String == "finance")
            for node in nodes {
                try await eventually("the new role holds", within: 1) {
                    try await viewer.browser.at(node).send("GET", "/usage").status == 200
                }
                #expect(try await viewer.browser.at(node).send("GET", "/jobs").status == 403)
            }
            #expect(try await owner.browser.send("DELETE", "/members/\(viewer.id)").status == 204)
            let left = try await developer.browser.send("POST", "/members/sign-out")
            #expect(left.status == 204 && left.headers["Set-Cookie"]?.contains("Max-Age=0") == true)
            for node in nodes {
                for gone in [viewer, developer] {
                    try await eventually("the session has ended", within: 1) {
                        try await gone.browser.at(node).send("GET", "/members/me").status == 401
                    }
                }
            }
            let last = try await owner.browser.send("PATCH", "/members/\(owner.id)", json: #"{"role":"viewer"}"#)
            #expect(try last.problem(409)["error"] as? String == "last_owner")
            #expect(try await owner.browser.send("DELETE", "/members/\(owner.id)").status == 409)
            try await deployment.tenants.owner.execute(
                "UPDATE tenants SET status = 'suspended' WHERE id = \(deployment.tenants.example)")
            for node in nodes {
                try await eventually("the account is suspended", within: 1) {
                    try await owner.browser.at(node).send("GET", "/members/me").status == 403
                }
            }
            #expect(try await Self.trySignIn("owner@example.com", Self.password, at: nodes[0], http).status == 403)
            let audit = try await deployment.admin("audit", "--tenant", deployment.tenants.example.rawValue)
            #expect(audit.output.contains("member password"))
            #expect(audit.output.contains("member \(owner.id)") && audit.output.contains("member role"))
            #expect(!audit.output.contains("@example.com"))
        }
    }

    @Test func `signing out leaves other sessions of the member alone, unless they are to end, too`() async throws {
        try await Deployment.with { deployment in
            let (nodes, http) = (
                [try await deployment.start("api"), try await deployment.start("api")], deployment.http
            )
            let charlie = try await Self.member(
                deployment, "charlie@example.com", "owner", tenant: deployment.tenants.other, at: nodes[0])
            _ = try await Self.member(deployment, "owner@example.com", "owner", at: nodes[0])
            let first = try await Self.signIn("owner@example.com", at: nodes[0], http)
            let second = try await Self.signIn("owner@example.com", at: nodes[1], http)
            #expect(try await first.send("POST", "/members/sign-out").status == 204)
            #expect(try await second.send("GET", "/members/me").status == 200)
            #expect(try await second.send("POST", "/members/sign-out", json: #"{"everywhere":1}"#).status == 400)
            let third = try await Self.signIn("owner@example.com", at: nodes[0], http)
            #expect(try await second.send("POST", "/members/sign-out", json: #"{"everywhere":true}"#).status == 204)
            for node in nodes {
                try await eventually("every session has ended", within: 1) {
                    try await third.at(node).send("GET", "/members/me").status == 401
                }
            }
            #expect(try await charlie.browser.send("GET", "/members/me").status == 200)
        }
    }

    @Test func `a member changes their password: the old one is needed, other sessions end, and guesses are counted`()
        async throws
    {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            let member = try await Self.member(deployment, "vera@example.com", "viewer", at: node)
            let other = try await Self.signIn("vera@example.com", at: node, http)
            func change(_ current: String, _ new: String, csrf: String? = nil) async throws -> Answer {
                try await member.browser.send(
                    "PUT", "/members/me/password", json: #"{"password":"\#(current)","new_password":"\#(new)"}"#,
                    csrf: csrf)
            }
            let new = "an even better password"
            #expect(try await change(Self.password, new, csrf: "0").status == 403)
            for bad in ["short", String(repeating: "x", count: 201)] {
                #expect(try await change(Self.password, bad).problem(400)["field"] as? String == "new_password")
            }
            let wrong = try await change("not my password", new).problem(401)
            #expect(wrong["error"] as? String == "wrong_password" && wrong["field"] as? String == "password")
            #expect(try await member.browser.send("GET", "/members/me").status == 200)

            #expect(try await change(Self.password, new).status == 204)
            try await eventually("the other session has ended", within: 1) {
                try await other.send("GET", "/members/me").status == 401
            }
            let me = try await member.browser.send("GET", "/members/me").json
            #expect(me["tenant_name"] as? String == "Example")
            #expect(try await Self.trySignIn("vera@example.com", Self.password, at: node, http).status == 401)
            #expect(try await Self.trySignIn("vera@example.com", new, at: node, http).status == 200)
            // Whoever has a session that isn't theirs can't guess on for ever.
            var refused = 0
            for number in 0..<12 {
                let answer = try await change("guess \(number)", new)
                #expect([401, 429].contains(answer.status))
                if answer.status == 429 { refused += 1 }
            }
            #expect(refused >= 2)
            let audit = try await deployment.admin("audit", "--tenant", deployment.tenants.example.rawValue)
            #expect(audit.output.contains("member password"))
        }
    }

    /// Which refusal a rule has for a member, or a key that has every scope; nil: none.
    private static func refusal(_ rule: RouteTable.Rule, role: MemberRole? = nil, mode: KeyMode = .live) -> String? {
        switch (rule.access, role) {
        case (.anyone, _): nil
        case (.roles(let roles), _): role.map(roles.contains) == true ? nil : "role_required"
        case (.scope(let scope), let role?):
            if let roles = rule.roles {
                roles.contains(role) ? nil : "role_required"
            } else {
                role.scopes.contains(scope) ? nil : "insufficient_scope"
            }
        case (.scope, nil): rule.isLiveOnly && mode == .test ? "live_key_required" : nil
        }
    }

    @Test
    func `each call by each role, by live and by test keys, and by keys from elsewhere is answered as its rule says`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let tenants = deployment.tenants
            // Signing out is the last that a member does.
            let rules = RouteTable.rules.filter { $0.access != .anyone }.sorted {
                ($0.path == "/members/sign-out" ? 1 : 0) < ($1.path == "/members/sign-out" ? 1 : 0)
            }
            #expect(
                Set(rules.compactMap { Self.refusal($0, role: .viewer) }) == ["role_required", "insufficient_scope"])
            func path(_ rule: RouteTable.Rule) -> String {
                rule.path.replacing("{id}", with: "job_01JZZZZZZZZZZZZZZZZZZZZZZZ").replacing(
                    "{period}", with: "2026-10")
            }
            func expect(_ answer: Answer, _ refusal: String?, _ who: String) throws {
                if let refusal {
                    #expect(try answer.problem(403)["error"] as? String == refusal, "\(who): \(answer.text)")
                } else {
                    #expect(![401, 403, 405, 500].contains(answer.status), "\(who): \(answer.text)")
                }
            }
            for role in MemberRole.allCases {
                let browser = try await Self.member(deployment, "\(role)@example.com", role.rawValue, at: node).browser
                for rule in rules {
                    let answer = try await browser.send(
                        rule.method, path(rule), json: rule.method == "GET" ? nil : "{}")
                    try expect(answer, Self.refusal(rule, role: role), "\(role) \(rule)")
                }
            }
            for mode in [KeyMode.live, .test] {
                let key = try await tenants.issueKey(for: tenants.example, scopes: Set(Scope.allCases), mode: mode)
                let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
                for rule in rules {
                    let answer = try await customer.send(
                        rule.method, path(rule), json: rule.method == "GET" ? nil : "{}")
                    try expect(answer, Self.refusal(rule, mode: mode), "\(mode) \(rule)")
                }
                // Whatever a key may do, it may do from its addresses alone.
                try await tenants.owner.execute(
                    "UPDATE api_keys SET allowed_addresses = '{192.0.2.0/24}', changed_at = now() WHERE id = \(key.id)")
                try await eventually("the addresses hold") { try await customer.get("/jobs").status == 403 }
                for rule in rules {
                    let answer = try await customer.send(
                        rule.method, path(rule), json: rule.method == "GET" ? nil : "{}")
                    try expect(answer, "address_not_allowed", "\(mode) \(rule)")
                }
            }
        }
    }

    @Test func `an owner invites and lists people, and what a member submits bears the member's name`() async throws {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            let owner = try await Self.member(deployment, "owner@example.com", "owner", at: node).browser
            let invited = try await owner.send(
                "POST", "/members", json: #"{"email":"dev@example.com","role":"developer"}"#)
            #expect(invited.status == 201, "\(invited.text)")
            let token = try #require(try invited.json["token"] as? String)
            #expect((try invited.json["link"] as? String)?.hasSuffix("/app/password#token=\(token)") == true)
            #expect(try await Self.trySignIn("dev@example.com", Self.password, at: node, http).status == 401)
            #expect(
                try await owner.send("POST", "/members", json: #"{"email":"DEV@example.com","role":"viewer"}"#).problem(
                    409)[
                        "error"] as? String == "member_exists")
            for (body, field) in [
                (#"{"email":"nobody","role":"viewer"}"#, "email"), (#"{"email":"a@b.example","role":"king"}"#, "role"),
                (#"{"role":"viewer"}"#, "email"),
            ] {
                #expect(try await owner.send("POST", "/members", json: body).problem(400)["field"] as? String == field)
            }
            let list = try await owner.send("GET", "/members").json["members"] as? [[String: Any]] ?? []
            #expect(list.map { $0["status"] as? String } == ["active", "invited"])
            #expect(!(try await owner.send("GET", "/members").text.contains("token")))
            #expect(try await Self.accept(token, at: node, http).status == 200)
            let developer = try await Self.signIn("dev@example.com", at: node, http)
            let submitted = try await developer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try submitted.json["job_id"] as? String, "\(submitted.text)")
            let shown = try await developer.send("GET", "/jobs/\(job)").json
            #expect(shown["member_id"] as? String == list[1]["id"] as? String && shown["key_id"] is NSNull)
            // An address signs in to one account.
            let other = try await Self.invite(deployment, "dev@example.com", "owner", tenant: deployment.tenants.other)
            #expect(
                try await Self.accept(other.token, at: node, http).problem(409)["error"] as? String == "member_exists")
            let table = try await deployment.admin("member", "list", "--tenant", deployment.tenants.example.rawValue)
            #expect(table.output.contains("dev@example.com") && table.output.contains("developer"))
        }
    }

    @Test func `who makes up sessions hardly reaches the database, and members at the same address go on`() async throws
    {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            let olga = try await Self.member(deployment, "olga@example.com", "owner", at: node).browser
            func made(_ cookie: String) async throws -> Int {
                try await Browser(node: node, http: http, cookie: "verbatim_session=\(cookie)", csrf: "").send(
                    "GET", "/members/me"
                ).status
            }
            #expect(try await made("short") == 401)
            var statuses: [Int: Int] = [:]
            for number in 1000..<1130 {
                statuses[try await made("\(number)" + String(repeating: "a", count: 39)), default: 0] += 1
            }
            #expect(Set(statuses.keys) == [401, 429], "\(statuses)")
            #expect(try await olga.send("GET", "/members/me").status == 200)
        }
    }

    @Test func `a hundred sign-ins of members and keys at once take no more memory or time than they may`() async throws
    {
        try await Deployment.with { deployment in
            let (node, http) = (try await deployment.start("api"), deployment.http)
            _ = try await Self.member(deployment, "owner@example.com", "owner", at: node)
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example).text
            func memory() async throws -> Double {
                try await Scrape(Customer(node: node, http: http, token: "").get("/metrics")).samples[
                    "process_resident_memory_bytes"] ?? 0
            }
            let before = try await memory()
            let clock = ContinuousClock.now
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        number % 2 == 0
                            ? try await Self.trySignIn("owner@example.com", Self.password, at: node, http).status
                            : try await Customer(node: node, http: http, token: "").send(
                                "POST", "/auth/token", json: #"{"api_key":"\#(key)"}"#
                            ).status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            let taken = ContinuousClock.now - clock
            #expect(statuses == [200: 100], "\(taken)")
            // Each run needs 19 MiB, and no more than four run at a time.
            #expect(try await memory() - before < 150_000_000)
            // Requests after that cost no run.
            let runs = try await Scrape(Customer(node: node, http: http, token: "").get("/metrics")).samples[
                "verbatim_login_checks_total"]
            let browser = try await Self.signIn("owner@example.com", at: node, http)
            for _ in 0..<20 { #expect(try await browser.send("GET", "/members/me").status == 200) }
            let after = try await Scrape(Customer(node: node, http: http, token: "").get("/metrics")).samples[
                "verbatim_login_checks_total"]
            #expect((after ?? 0) - (runs ?? 0) == 1)
        }
    }
}
