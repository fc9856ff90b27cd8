import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Sessions as customers see them, at two nodes on one database.
@Suite struct SessionTests {
    private struct Scene {
        let deployment: Deployment
        let first: Node
        let second: Node
        let key: IssuedKey

        static func run(_ settings: [String: String] = [:], _ body: (Scene) async throws -> Void) async throws {
            // No job is run: nobody needs the shared models.
            try await Deployment.with(ownModels: true) { deployment in
                try await body(
                    Scene(
                        deployment: deployment, first: try await deployment.start("api", settings),
                        second: try await deployment.start("api", settings),
                        key: try await deployment.tenants.issueKey(for: deployment.tenants.example)))
            }
        }

        func customer(at node: Node, token: String = "") -> Customer {
            Customer(node: node, http: deployment.http, token: token)
        }

        func logIn(at node: Node, headers: [(name: String, value: String)] = []) async throws -> Answer {
            try await customer(at: node).send(
                "POST", "/auth/token", json: #"{"api_key":"\#(key.text)"}"#, headers: headers)
        }

        func refresh(_ token: String, rotate: Bool = false, at node: Node) async throws -> Answer {
            try await customer(at: node).send(
                "POST", "/auth/refresh", json: #"{"refresh_token":"\#(token)","rotate":\#(rotate)}"#)
        }

        func admin(_ arguments: [String], _ changes: [String: String] = [:]) async throws -> Command.Result {
            try await Command.run(
                Checkout.executable("verbatim-admin"), arguments,
                environment: deployment.environment.merging(["USER": "olga"]) { $1 }.merging(changes) { $1 })
        }

        /// Makes the key's secret a wrong one, until what this answers is called.
        func spoilSecret() async throws -> () async throws -> Void {
            let (owner, id) = (deployment.tenants.owner, key.id)
            let before = try await owner.query("SELECT secret_hash FROM api_keys WHERE id = \(id)").map {
                try $0.decode(String.self)
            }
            let other = try await Argon2(threads: 1).hash("another secret")
            try await owner.execute("UPDATE api_keys SET secret_hash = \(other) WHERE id = \(id)")
            return { try await owner.execute("UPDATE api_keys SET secret_hash = \(before[0]) WHERE id = \(id)") }
        }

        /// The `kid`s that a node publishes.
        func published(at node: Node) async throws -> [String] {
            let keys = try await customer(at: node).get("/.well-known/jwks.json").json["keys"] as? [[String: Any]]
            return (keys ?? []).compactMap { $0["kid"] as? String }
        }
    }

    private static func token(_ answer: Answer, _ name: String = "access_token") throws -> String {
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(try answer.json[name] as? String)
    }

    @Test func `a revoked key and a suspended tenant are refused by every node within a second`() async throws {
        try await Scene.run { scene in
            let owner = scene.deployment.tenants.owner
            let alice = try Self.token(try await scene.logIn(at: scene.first))
            let bob = try await scene.deployment.customer(at: scene.first)
            let charlie = try await scene.deployment.customer(of: scene.deployment.tenants.other, at: scene.second)
            for node in [scene.first, scene.second] {
                #expect(try await scene.customer(at: node, token: alice).get("/jobs").status == 200)
            }

            try await owner.execute("UPDATE api_keys SET revoked_at = now() WHERE id = \(scene.key.id)")
            for node in [scene.second, scene.first] {
                let customer = scene.customer(at: node, token: alice)
                try await eventually("the key is refused", within: 1) { try await customer.get("/jobs").status != 200 }
                let refused = try await customer.get("/jobs")
                #expect(try refused.problem(401)["error"] as? String == "invalid_token")
                #expect(refused.headers["WWW-Authenticate"]?.contains("invalid_token") == true)
                #expect(try await scene.customer(at: node, token: bob.token).get("/jobs").status == 200)
            }

            let example = scene.deployment.tenants.example
            try await owner.execute("UPDATE tenants SET status = 'suspended' WHERE id = \(example)")
            for node in [scene.second, scene.first] {
                let customer = scene.customer(at: node, token: bob.token)
                try await eventually("the tenant is refused", within: 1) {
                    try await customer.get("/jobs").status != 200
                }
                #expect(try await customer.get("/jobs").problem(403)["error"] as? String == "account_suspended")
                #expect(try await scene.customer(at: node, token: charlie.token).get("/jobs").status == 200)
            }
            try await owner.execute("UPDATE tenants SET status = 'active' WHERE id = \(example)")
            try await eventually("the tenant is let in again", within: 1) {
                try await bob.get("/jobs").status == 200
            }
        }
    }

    @Test(arguments: [
        ("UPDATE api_keys SET revoked_at = now() - interval '2 hours'", 401, "invalid_token"),
        ("UPDATE tenants SET status = 'suspended'", 403, "account_suspended"),
    ])
    func `an upload that was under way when its key or account ended starts no job`(
        end: String, status: Int, error: String
    ) async throws {
        try await Deployment.with { deployment in
            let owner = deployment.tenants.owner
            let customer = try await deployment.customer(at: try await deployment.start("api"))
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=d=120:r=48000"], into: folder, named: "sine.wav")
            // So slow that it ends seconds after its beginning is there.
            async let upload = Command.run(
                "curl",
                [
                    "-s", "--limit-rate", "1M", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(file)",
                    customer.node.url + "/jobs",
                ])
            try await eventually("some of it is there") {
                try deployment.scratch.files.contains { $0.hasPrefix("uploads/") && !$0.hasSuffix("lock") }
            }
            try await owner.execute("\(unescaped: end)")
            let answer = try JSONSerialization.jsonObject(with: Data(try await upload.output.utf8)) as? [String: Any]
            #expect(answer?["error"] as? String == error)
            #expect(answer?["status"] as? Int == status)
            #expect(try await owner.query("SELECT FROM jobs").isEmpty)
            #expect(try deployment.storage.files.isEmpty)
            try await eventually("nothing is left of it") {
                try deployment.scratch.files.allSatisfy { $0.hasSuffix("lock") }
            }
        }
    }

    @Test func `a refresh token stays, rotates on demand, and ends its family when it is used again`() async throws {
        try await Scene.run { scene in
            let first = try Self.token(try await scene.logIn(at: scene.first), "refresh_token")
            let again = try await scene.refresh(first, at: scene.second)
            #expect(try Self.token(again, "refresh_token") == first)
            let left = try #require(try again.json["refresh_expires_in"] as? Int)
            #expect((2_591_900...2_592_000).contains(left))

            let rotated = try await scene.refresh(first, rotate: true, at: scene.first)
            let second = try Self.token(rotated, "refresh_token")
            #expect(second != first)
            #expect(
                try await scene.customer(at: scene.second, token: try Self.token(rotated)).get("/jobs").status == 200)
            _ = try Self.token(try await scene.refresh(second, at: scene.second))

            for token in [first, second] {
                let refused = try await scene.refresh(token, at: scene.second)
                #expect(try refused.problem(401)["error"] as? String == "invalid_refresh_token")
            }
        }
    }

    @Test func `a new signing key logs nobody out, and a stolen one is worth nothing within a minute`() async throws {
        try await Scene.run { scene in
            let login = try await scene.logIn(at: scene.first)
            let (access, refresh) = (try Self.token(login), try Self.token(login, "refresh_token"))
            let old = try await scene.published(at: scene.first)

            let rotated = try await scene.admin(["jwt-key", "rotate", "--json"])
            try #require(rotated.status == 0, "\(rotated.errors)")
            let waiting = try JSONDecoder().decode([String: String].self, from: Data(rotated.output.utf8))
            #expect(waiting["state"] == "waiting")
            let new = try #require(waiting["kid"])
            for node in [scene.first, scene.second] {
                try await eventually("both keys are published") {
                    try await scene.published(at: node) == [new] + old
                }
                #expect(try await scene.customer(at: node, token: access).get("/jobs").status == 200)
            }

            let unasked = try await scene.admin(["jwt-key", "rotate", "--now"])
            #expect(unasked.status == 1)
            #expect(unasked.errors.contains("--yes"))
            let stolen = try await scene.admin(["jwt-key", "rotate", "--now", "--yes"])
            try #require(stolen.status == 0, "\(stolen.errors)")
            for node in [scene.first, scene.second] {
                let customer = scene.customer(at: node, token: access)
                try await eventually("the old token dies", within: 60) { try await customer.get("/jobs").status != 200 }
                #expect(try await customer.get("/jobs").problem(401)["error"] as? String == "invalid_token")
            }
            let fresh = try Self.token(try await scene.refresh(refresh, at: scene.first))
            #expect(try await scene.customer(at: scene.second, token: fresh).get("/jobs").status == 200)

            let listed = try await scene.admin(["jwt-key", "list"])
            #expect(listed.output.split(separator: "\n").count == 4)
            #expect(listed.output.contains("signing"))
            let audit = try await scene.deployment.tenants.owner.query(
                "SELECT operator || ' ' || action FROM audit_log ORDER BY id"
            ).map { try $0.decode(String.self) }
            #expect(audit == ["olga jwt-key rotate", "olga jwt-key rotate --now"])
        }
    }

    @Test func `the master key changes while customers go on`() async throws {
        try await Scene.run { scene in
            let access = try Self.token(try await scene.logIn(at: scene.first))
            let keys = [
                "VERBATIM_MASTER_KEY": String(repeating: "ab", count: 32),
                "VERBATIM_MASTER_KEY_PREVIOUS": String(repeating: "00", count: 32),
            ]
            let reader = try await scene.deployment.start("api", keys)
            #expect(try await scene.customer(at: reader, token: access).get("/jobs").status == 200)
            #expect(try await scene.admin(["rekey"]).errors.contains("VERBATIM_MASTER_KEY_PREVIOUS is not set"))
            for expected in [
                #"{"left":0,"resealed":1,"secret":"jwt_keys.private_sealed"}"#,
                #"{"left":1,"resealed":0,"secret":"jwt_keys.private_sealed"}"#,
            ] {
                let result = try await scene.admin(["rekey", "--json"], keys)
                #expect(result.output.contains(expected), "\(result.errors)")
            }
            let after = try await scene.deployment.start("api", ["VERBATIM_MASTER_KEY": keys["VERBATIM_MASTER_KEY"]!])
            #expect(try await scene.customer(at: after, token: access).get("/jobs").status == 200)
        }
    }

    @Test func `wrong secrets are counted by the peer's address, whatever a stranger claims`() async throws {
        try await Scene.run { scene in
            let restore = try await scene.spoilSecret()
            for number in 0..<10 {
                let answer = try await scene.logIn(
                    at: scene.first, headers: [(name: "X-Forwarded-For", value: "192.0.2.\(number)")])
                #expect(try answer.problem(401)["error"] as? String == "invalid_api_key")
            }
            let limited = try await scene.logIn(
                at: scene.first, headers: [(name: "X-Forwarded-For", value: "192.0.2.99")])
            #expect(try limited.problem(429)["error"] as? String == "rate_limited")
            #expect((1...60).contains(Int(limited.headers["Retry-After"] ?? "") ?? 0))
            // Each node counts for itself, and a refresh is not counted at all.
            try await restore()
            let login = try await scene.logIn(at: scene.second)
            for _ in 0..<70 {
                #expect(try await scene.refresh(try Self.token(login, "refresh_token"), at: scene.second).status == 200)
            }
        }
    }

    @Test func `behind a trusted proxy nobody can lock out another address`() async throws {
        try await Scene.run(["VERBATIM_TRUSTED_PROXIES": "127.0.0.0/8, ::1"]) { scene in
            let restore = try await scene.spoilSecret()
            let mallory = [(name: "X-Forwarded-For", value: "192.0.2.1, 198.51.100.7")]
            for _ in 0..<10 { #expect(try await scene.logIn(at: scene.first, headers: mallory).status == 401) }
            #expect(try await scene.logIn(at: scene.first, headers: mallory).status == 429)
            try await restore()
            #expect(try await scene.logIn(at: scene.first, headers: mallory).status == 429)
            let alice = [(name: "X-Forwarded-For", value: "192.0.2.1")]
            #expect(try await scene.logIn(at: scene.first, headers: alice).status == 200)
        }
    }

    @Test func `a node that cannot ask any more lets nobody in, says so once, and stops when told`() async throws {
        try await Scene.run { scene in
            let token = try Self.token(try await scene.logIn(at: scene.first))
            let charlie = try await scene.deployment.customer(of: scene.deployment.tenants.other, at: scene.first)
            let owner = scene.deployment.tenants.owner
            try await owner.execute("UPDATE api_keys SET revoked_at = now() WHERE id = \(scene.key.id)")
            let customer = scene.customer(at: scene.first, token: token)
            try await eventually("the key is refused", within: 1) { try await customer.get("/jobs").status == 401 }
            try await owner.execute("ALTER TABLE api_keys RENAME TO away")
            _ = try await scene.first.process.log.line(with: "polling failed", "revocations")
            try await eventually("nobody is let in") { try await charlie.get("/jobs").status != 200 }
            var asked = 0
            try await eventually("it has asked again, more than once") {
                asked += 1
                #expect(try await customer.get("/jobs").status == 401)
                let refused = try await charlie.get("/jobs")
                #expect(try refused.problem(503)["error"] as? String == "transient_error")
                #expect(refused.headers["Retry-After"] == "1")
                return asked == 20
            }
            #expect(scene.first.process.log.lines.filter { $0.contains("polling failed") }.count == 1)
            try await owner.execute("ALTER TABLE away RENAME TO api_keys")
            _ = try await scene.first.process.log.line(with: "polling works again", "revocations")
            #expect(try await charlie.get("/jobs").status == 200)
            scene.first.process.signal(SIGTERM)
            #expect(try await scene.first.process.ended() == 0)
        }
    }

    @Test func `a tenant that is suspended while the looks hang is let in by nobody, and the others come back`()
        async throws
    {
        try await Scene.run { scene in
            let tenants = scene.deployment.tenants
            let token = try Self.token(try await scene.logIn(at: scene.first))
            let charlie = try await scene.deployment.customer(of: tenants.other, at: scene.second)
            let suspended = scene.customer(at: scene.first, token: token)
            try await tenants.owner.whileOpen({ try $0.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE") }) {
                try await tenants.owner.execute("UPDATE tenants SET status = 'suspended' WHERE id = \(tenants.example)")
                // The first answers may still come from a snapshot that is younger than a second.
                try await eventually("it is let in no more", within: 4) {
                    try await suspended.get("/jobs").status != 200
                }
                for _ in 0..<3 {
                    #expect(try await suspended.get("/jobs").problem(503)["error"] as? String == "transient_error")
                }
            }
            try await eventually("the suspended one is told") {
                try await suspended.get("/jobs").status == 403
            }
            try await eventually("the other is let in again") { try await charlie.get("/jobs").status == 200 }
        }
    }

    @Test func `wrong proxies are a fault of the settings`() async throws {
        let result = try await Command.run(
            Checkout.executable("verbatim"), ["api"],
            environment: [
                "VERBATIM_TRUSTED_PROXIES": "10.0.0.1/8", "VERBATIM_MASTER_KEY_PREVIOUS": "hunter2",
            ])
        #expect(result.status == 1)
        #expect(result.errors.contains("VERBATIM_TRUSTED_PROXIES"))
        #expect(result.errors.contains("VERBATIM_MASTER_KEY_PREVIOUS must be"))
        #expect(!result.errors.contains("hunter2"))
    }
}
