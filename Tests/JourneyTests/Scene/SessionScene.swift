import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Two nodes with one database, and an API key to log in with.
struct SessionScene {
    let deployment: Deployment
    let first: Node
    let second: Node
    let key: IssuedKey

    static func run(_ settings: [String: String] = [:], _ body: (SessionScene) async throws -> Void) async throws {
        // No job is run: nobody needs the shared models.
        try await Deployment.with(ownModels: true) { deployment in
            try await body(
                SessionScene(
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

    /// Replaces the key's secret. The returned function restores it.
    func spoilSecret() async throws -> () async throws -> Void {
        let (owner, id) = (deployment.tenants.owner, key.id)
        let before = try await owner.query("SELECT secret_hash FROM api_keys WHERE id = \(id)").map {
            try $0.decode(String.self)
        }
        let other = try await Argon2(threads: 1).hash("another secret")
        try await owner.execute("UPDATE api_keys SET secret_hash = \(other) WHERE id = \(id)")
        return { try await owner.execute("UPDATE api_keys SET secret_hash = \(before[0]) WHERE id = \(id)") }
    }

    /// The ids (`kid`) of the signing keys that a node publishes.
    func published(at node: Node) async throws -> [String] {
        let keys = try await customer(at: node).get("/.well-known/jwks.json").json["keys"] as? [[String: Any]]
        return (keys ?? []).compactMap { $0["kid"] as? String }
    }

    /// A token in the response to a login or refresh, which must have succeeded.
    static func token(_ answer: Answer, _ name: String = "access_token") throws -> String {
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(try answer.json[name] as? String)
    }
}
