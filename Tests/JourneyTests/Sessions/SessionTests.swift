import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Sessions as customers see them, at two nodes on one database.
@Suite struct SessionTests {
    @Test func `sessions begin, go on and end as the contract says`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example)
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let session = try await anyone.send("POST", "/auth/token", json: #"{"api_key":"\#(key.text)"}"#)
            #expect(session.headers["Cache-Control"] == "no-store")
            #expect(try session.json["token_type"] as? String == "Bearer")
            #expect(try session.json["expires_in"] as? Int == 3600)
            #expect(try session.json["refresh_expires_in"] as? Int == 2_592_000)
            let refresh = try #require(try session.json["refresh_token"] as? String)
            let body = #"{"refresh_token":"\#(refresh)"}"#
            #expect(
                try await anyone.send("POST", "/auth/refresh", json: body).json["refresh_token"] as? String == refresh)
            #expect(try await anyone.send("POST", "/auth/revoke", json: body).status == 204)
            let over = try await anyone.send("POST", "/auth/refresh", json: body)
            #expect(try over.problem(401)["error"] as? String == "invalid_refresh_token")
            #expect(over.headers["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")

            let wrong = try await anyone.send("POST", "/auth/token", json: #"{"api_key":"tsk_live_nonsense"}"#)
            #expect(try wrong.problem(401)["error"] as? String == "invalid_api_key")
            #expect(try await anyone.get("/jobs").problem(401)["error"] as? String == "invalid_token")
            let stranger = Customer(node: node, http: deployment.http, token: "e30.e30.e30")
            #expect(try await stranger.get("/jobs").problem(401)["error"] as? String == "invalid_token")
            #expect(
                try await anyone.send("POST", "/auth/token", json: "{").problem(400)["error"] as? String
                    == "invalid_request")
            let keys = try await anyone.get("/.well-known/jwks.json").json["keys"] as? [[String: String]]
            #expect(keys?.first?["alg"] == "ES256")
        }
    }

    @Test func `a refresh token stays, rotates on demand, and ends its family when it is used again`() async throws {
        try await SessionScene.run { scene in
            let first = try SessionScene.token(try await scene.logIn(at: scene.first), "refresh_token")
            let again = try await scene.refresh(first, at: scene.second)
            #expect(try SessionScene.token(again, "refresh_token") == first)
            let left = try #require(try again.json["refresh_expires_in"] as? Int)
            #expect((2_591_900...2_592_000).contains(left))

            let rotated = try await scene.refresh(first, rotate: true, at: scene.first)
            let second = try SessionScene.token(rotated, "refresh_token")
            #expect(second != first)
            #expect(
                try await scene.customer(at: scene.second, token: try SessionScene.token(rotated)).get("/jobs").status
                    == 200)
            _ = try SessionScene.token(try await scene.refresh(second, at: scene.second))

            for token in [first, second] {
                let refused = try await scene.refresh(token, at: scene.second)
                #expect(try refused.problem(401)["error"] as? String == "invalid_refresh_token")
            }
        }
    }
}
