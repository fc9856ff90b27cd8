import Foundation
import MediaSimulator
import Pipeline
import Postgres
import TestSupport
import Testing

/// Addresses for webhooks that lead where they must not, through the real executables: a canary listens on all addresses of this machine, and
/// hears nothing.
@Suite struct HostileWebhookTests {
    private static func body(_ members: [String: String]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
    }

    /// Refused by the contract's code, in one of two sentences: nothing of where the address leads.
    private static func isRefused(_ answer: Answer, field: String, _ url: String) throws {
        let problem = try answer.problem(422)
        #expect(problem["error"] as? String == "webhook_url_refused", "\(url)")
        #expect(problem["field"] as? String == field, "\(url)")
        let sentences = [
            "'\(field)' must be an http or https URL of at most 2048 bytes, without user name and password.",
            "'\(field)' must lead to a host on the public internet.",
        ]
        #expect(sentences.contains(problem["message"] as? String ?? ""), "\(url): \(answer.text)")
    }

    @Test func `not one of them is taken, for an account or for a job`() async throws {
        try await Deployment.with { deployment in
            let canary = try LoopbackListener(address: nil) { _ in }
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            for url in HostileURLs.all(port: canary.port) {
                let put = try await customer.send("PUT", "/webhook", json: try Self.body(["url": url]))
                try Self.isRefused(put, field: "url", url)
                let job = ["source_url": "https://example.org/a.mp3", "webhook_url": url]
                let byURL = try await customer.send("POST", "/jobs", json: try Self.body(job))
                try Self.isRefused(byURL, field: "webhook_url", url)
                let upload = try await customer.post(file: Recordings.clip("0880"), fields: ["webhook_url": url])
                try Self.isRefused(upload, field: "webhook_url", url)
            }
            #expect(canary.accepts == 0)
            #expect(try await customer.get("/webhook").json["url"] is NSNull)
            #expect(try await deployment.tenants.owner.query("SELECT FROM webhook_endpoints").isEmpty)
            #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").isEmpty)
            #expect(!node.process.log.lines.contains { $0.contains("\"level\":\"error\"") || $0.contains("a.mp3") })
        }
    }

    @Test func `one that was public when it was given gets no connection later, and its customer reads why`()
        async throws
    {
        try await Deployment.with { deployment in
            let canary = try LoopbackListener(address: nil) { _ in }
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let tenants = deployment.tenants
            var jobs: [(url: String, id: String)] = []
            for url in HostileURLs.all(port: canary.port) {
                let job = try await JobScene.insert(.completed, of: tenants.example, into: tenants)
                try await tenants.owner.execute("UPDATE jobs SET webhook_url = \(url) WHERE id = \(job)")
                #expect(try await customer.send("POST", "/jobs/\(job)/deliveries").status == 202)
                jobs.append((url, job.rawValue))
            }
            try await eventually("all were tried") {
                let rows = try await tenants.owner.query("SELECT count(DISTINCT event_id) FROM webhook_attempts")
                return try rows.first?.decode(Int.self) == jobs.count
            }
            for (url, job) in jobs {
                let answer = try await customer.get("/jobs/\(job)/deliveries")
                // The second attempt begins eight seconds after the first, so it may be under way.
                let status = try answer.json["status"] as? String ?? ""
                #expect(["pending", "sending"].contains(status), "\(url): \(answer.text)")
                let tries = try #require(try answer.json["deliveries"] as? [[String: Any]])
                // A dot at the end makes some of them a name, which not every resolver knows.
                let errors = url.contains(".:") ? ["address_refused", "name_not_resolved"] : ["address_refused"]
                #expect(tries.allSatisfy { errors.contains($0["error"] as? String ?? "") }, "\(url): \(answer.text)")
                #expect(tries.allSatisfy { $0["status_code"] is NSNull }, "\(url): \(answer.text)")
                for address in HostileURLs.addresses { #expect(!answer.text.contains(address), "\(url)") }
            }
            #expect(canary.accepts == 0)
            #expect(!node.process.log.lines.contains { $0.contains("a.mp3") || $0.contains("\(canary.port)") })
        }
    }
}
