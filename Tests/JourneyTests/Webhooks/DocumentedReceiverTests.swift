import Foundation
import Tenancy
import TestSupport
import Testing

/// The receiver of docs/webhooks.md, run as it stands there.
@Suite struct DocumentedReceiverTests {
    private static let readers = Checkout.root + "/Tests/Readers"

    private static func receiver(_ secret: String) async throws -> (process: RunningProcess, url: String) {
        try #require(
            FileManager.default.isExecutableFile(atPath: readers + "/.venv/bin/python"),
            "the readers are missing: run scripts/setup --test")
        let process = try await RunningProcess(
            readers + "/.venv/bin/python", ["-B", readers + "/verify_webhook.py", "serve", secret],
            environment: ["PYTHONUTF8": "1"], reading: .output)
        let port = try await process.log.line { _ in true }
        return (process, "http://127.0.0.1:\(port)/")
    }

    @Test
    func `the documented receiver on this machine is called where the operator allows it, and knows a forged message`()
        async throws
    {
        try await Deployment.with { deployment in
            let tenant = deployment.tenants.example
            let created = try await deployment.admin(
                "webhook-secret", "create", "--tenant", tenant.rawValue, "--json")
            struct Answer: Decodable { let secret: String }
            let secret = try JSONDecoder().decode(Answer.self, from: Data(created.output.utf8)).secret
            let (process, url) = try await Self.receiver(secret)

            // By default nobody is told on this machine.
            let strict = try await deployment.start("api")
            let refused = try await deployment.customer(at: strict).post(
                file: Recordings.clip("0880"), fields: ["webhook_url": url])
            #expect(try refused.problem(422)["error"] as? String == "webhook_url_refused")

            let node = try await deployment.start("serve", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let customer = try await deployment.customer(at: node)
            let job = try await customer.submit(file: Recordings.clip("0880"), fields: ["webhook_url": url])
            let told = try await process.log.line(with: job)
            #expect(told.hasPrefix("ours: {\"event\":\"job.completed\""), "\(told)")
            try await eventually("it is noted as delivered") {
                try await customer.get("/jobs/\(job)/deliveries").json["status"] as? String == "delivered"
            }
            for signature in ["", "v1", "é", String(repeating: "0", count: 64)] {
                let status = try await Command.run(
                    "curl",
                    [
                        "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", "{}", "-H",
                        "X-Transcription-Signature: \(signature)", "-H", "webhook-timestamp: 99999999999999999999", url,
                    ])
                #expect(status.output == "401", "\(signature)")
            }
            process.kill()
        }
    }
}
