import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Signing keys and the master key change while customers go on.
@Suite struct SigningKeyTests {
    @Test func `a new signing key logs nobody out, and a stolen one is worth nothing within a minute`() async throws {
        try await SessionScene.run { scene in
            let login = try await scene.logIn(at: scene.first)
            let (access, refresh) = (try SessionScene.token(login), try SessionScene.token(login, "refresh_token"))
            let old = try await scene.published(at: scene.first)

            let rotated = try await scene.deployment.admin(["jwt-key", "rotate", "--json"])
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

            let unasked = try await scene.deployment.admin(["jwt-key", "rotate", "--now"])
            #expect(unasked.status == 1)
            #expect(unasked.errors.contains("--yes"))
            let stolen = try await scene.deployment.admin(["jwt-key", "rotate", "--now", "--yes"])
            try #require(stolen.status == 0, "\(stolen.errors)")
            for node in [scene.first, scene.second] {
                let customer = scene.customer(at: node, token: access)
                try await eventually("the old token dies", within: 60) { try await customer.get("/jobs").status != 200 }
                #expect(try await customer.get("/jobs").problem(401)["error"] as? String == "invalid_token")
            }
            let fresh = try SessionScene.token(try await scene.refresh(refresh, at: scene.first))
            #expect(try await scene.customer(at: scene.second, token: fresh).get("/jobs").status == 200)

            let listed = try await scene.deployment.admin(["jwt-key", "list"])
            #expect(listed.output.split(separator: "\n").count == 4)
            #expect(listed.output.contains("signing"))
            let audit = try await scene.deployment.tenants.owner.query(
                "SELECT operator || ' ' || action FROM audit_log ORDER BY id"
            ).map { try $0.decode(String.self) }
            #expect(audit == ["olga jwt-key rotate", "olga jwt-key rotate --now"])
        }
    }

    @Test func `the master key changes while customers go on`() async throws {
        try await SessionScene.run { scene in
            let access = try SessionScene.token(try await scene.logIn(at: scene.first))
            let keys = [
                "VERBATIM_MASTER_KEY": String(repeating: "ab", count: 32),
                "VERBATIM_MASTER_KEY_PREVIOUS": String(repeating: "00", count: 32),
            ]
            let reader = try await scene.deployment.start("api", keys)
            #expect(try await scene.customer(at: reader, token: access).get("/jobs").status == 200)
            #expect(
                try await scene.deployment.admin(["rekey"]).errors.contains("VERBATIM_MASTER_KEY_PREVIOUS is not set"))
            for expected in [
                #"{"left":0,"resealed":1,"secret":"jwt_keys.private_sealed"}"#,
                #"{"left":1,"resealed":0,"secret":"jwt_keys.private_sealed"}"#,
            ] {
                let result = try await scene.deployment.admin(["rekey", "--json"], settings: keys)
                #expect(result.output.contains(expected), "\(result.errors)")
            }
            let after = try await scene.deployment.start("api", ["VERBATIM_MASTER_KEY": keys["VERBATIM_MASTER_KEY"]!])
            #expect(try await scene.customer(at: after, token: access).get("/jobs").status == 200)
        }
    }
}
