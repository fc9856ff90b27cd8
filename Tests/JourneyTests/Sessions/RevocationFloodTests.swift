import Foundation
import Tenancy
import TestSupport
import Testing

/// A stranger who sends made-up refresh tokens as fast as a node takes them, from an address of their own.
@Suite struct RevocationFloodTests {
    @Test func `three thousand made-up revocations hold up nobody, and fill no log`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.other)
            let (count, madeUp) = (3_000, "rt_" + String(repeating: "a", count: 43))
            async let flood = Command.run(
                "curl",
                [
                    "-s", "-Z", "--parallel-max", "100", "--interface", "127.0.0.2", "-o", "/dev/null",
                    "-w", "%{http_code}\n", "-H", "Content-Type: application/json",
                    "-d", #"{"refresh_token":"\#(madeUp)"}"#, "\(node.url)/auth/revoke?[1-\(count)]",
                ])
            var refresh = ""
            for number in 0..<50 {
                #expect(try await alice.get("/jobs").status == 200)
                let anyone = Customer(node: node, http: deployment.http, token: "")
                if number.isMultiple(of: 10) {
                    let login = try await anyone.send("POST", "/auth/token", json: #"{"api_key":"\#(key.text)"}"#)
                    #expect(login.status == 200)
                    refresh = try #require(try login.json["refresh_token"] as? String)
                }
                let answer = try await anyone.send(
                    "POST", "/auth/refresh", json: #"{"refresh_token":"\#(refresh)"}"#)
                #expect(answer.status == 200)
            }
            let statuses = try await flood.output.split(separator: "\n").reduce(into: [:]) { $0[$1, default: 0] += 1 }
            #expect(statuses.values.reduce(0, +) == count)
            #expect(Set(statuses.keys) == ["204", "429"], "\(statuses)")
            // So many a minute; a slow machine takes some minutes.
            #expect(statuses["204", default: 0] < count / 3, "\(statuses)")

            func logged(_ route: String) -> Int {
                node.process.log.lines.count {
                    $0.contains(#""message":"Request""#) && $0.contains(#""path":"\#(route)""#)
                }
            }
            #expect(logged("/auth/revoke") < count / 3)
            // Whoever shows who they are has a line for each; the last of them may still be on their way.
            try await eventually("the log has every call of the customers'") {
                logged("/jobs") == 50 && logged("/auth/refresh") == 50 && logged("/auth/token") == 6
            }
        }
    }
}
