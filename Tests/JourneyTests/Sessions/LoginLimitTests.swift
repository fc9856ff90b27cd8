import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// How often one may try a wrong secret, and whom that is counted for.
@Suite struct LoginLimitTests {
    @Test func `wrong secrets are counted by the peer's address, whatever a stranger claims`() async throws {
        try await SessionScene.run { scene in
            let login = try await scene.logIn(at: scene.second)
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
            // Whichever node is asked.
            try await restore()
            #expect(try await scene.logIn(at: scene.second).problem(429)["error"] as? String == "rate_limited")
            // A refresh is not counted at all.
            for _ in 0..<70 {
                #expect(
                    try await scene.refresh(try SessionScene.token(login, "refresh_token"), at: scene.second).status
                        == 200)
            }
        }
    }

    @Test func `behind a trusted proxy nobody can lock out another address`() async throws {
        try await SessionScene.run(["VERBATIM_TRUSTED_PROXIES": "127.0.0.0/8, ::1"]) { scene in
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
