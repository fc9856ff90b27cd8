import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Whose key or account ends, and what a node does that cannot ask about it.
@Suite struct AccessRevocationTests {
    @Test func `a revoked key and a suspended tenant are refused by every node within a second`() async throws {
        try await SessionScene.run { scene in
            let owner = scene.deployment.tenants.owner
            let alice = try SessionScene.token(try await scene.logIn(at: scene.first))
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
        ("UPDATE api_keys SET scopes = '{jobs:read}'", 403, "insufficient_scope"),
    ])
    func `an upload that was under way when its key, account or scope ended starts no job`(
        end: String, status: Int, error: String
    ) async throws {
        try await Deployment.with { deployment in
            let owner = deployment.tenants.owner
            let customer = try await deployment.customer(at: try await deployment.start("api"))
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=d=60:r=48000"], into: folder, named: "sine.wav")
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

    @Test func `a node that cannot ask any more lets nobody in, says so once, and stops when told`() async throws {
        try await SessionScene.run { scene in
            let token = try SessionScene.token(try await scene.logIn(at: scene.first))
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
        try await SessionScene.run { scene in
            let tenants = scene.deployment.tenants
            let token = try SessionScene.token(try await scene.logIn(at: scene.first))
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
}
