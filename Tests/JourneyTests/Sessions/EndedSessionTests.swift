import Egress
import Foundation
import Tenancy
import TestSupport
import Testing

/// A session that its customer ends, at two nodes on one database.
@Suite struct EndedSessionTests {
    private static func string(_ name: String, of answer: Answer) throws -> String {
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(try answer.json[name] as? String)
    }

    @Test func `its access tokens are refused by every node within a second, and those of other logins are not`()
        async throws
    {
        try await Deployment.with(ownModels: true) { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example)
            func customer(at node: Int, token: String = "") -> Customer {
                Customer(node: nodes[node], http: deployment.http, token: token)
            }
            func logIn() async throws -> Answer {
                try await customer(at: 0).send("POST", "/auth/token", json: #"{"api_key":"\#(key.text)"}"#)
            }
            let (mine, other) = (try await logIn(), try await logIn())
            let refresh = try Self.string("refresh_token", of: mine)
            let second = try await customer(at: 1).send(
                "POST", "/auth/refresh", json: #"{"refresh_token":"\#(refresh)","rotate":true}"#)
            let ended = [mine, second].map { try? Self.string("access_token", of: $0) }.compactMap { $0 }
            let going = try Self.string("access_token", of: other)
            for node in nodes.indices {
                for token in ended + [going] {
                    #expect(try await customer(at: node, token: token).get("/jobs").status == 200)
                }
            }
            let revoked = try await customer(at: 0).send(
                "POST", "/auth/revoke",
                json: #"{"refresh_token":"\#(try Self.string("refresh_token", of: second))"}"#)
            #expect(revoked.status == 204)
            for node in nodes.indices.reversed() {
                for token in ended {
                    let customer = customer(at: node, token: token)
                    try await eventually("the session is refused", within: 1) {
                        try await customer.get("/jobs").status != 200
                    }
                    let refused = try await customer.get("/jobs")
                    #expect(try refused.problem(401)["error"] as? String == "invalid_token")
                    #expect(refused.headers["WWW-Authenticate"]?.contains("invalid_token") == true)
                }
                #expect(try await customer(at: node, token: going).get("/jobs").status == 200)
            }
        }
    }
}
