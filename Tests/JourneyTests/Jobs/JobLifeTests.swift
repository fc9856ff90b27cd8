import Egress
import Foundation
import Postgres
import TestSupport
import Testing

/// Cancelling and deleting, as customers do it.
@Suite struct JobLifeTests {
    /// What lies in the deployment's storage, as names of files.
    private static func audio(_ deployment: Deployment) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: deployment.storage.path).filter {
            $0.contains("/jobs/job_")
        }
        .filter { $0.hasSuffix("source") || $0.hasSuffix(".wav") }
    }

    @Test func `a job is cancelled while it waits and while it is worked on, and its audio goes`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: api)
            let long = try await Recordings.speech(
                Array(repeating: "0880", count: 40), into: deployment.scratch, named: "long.wav")
            let waiting = try await customer.submit(file: long)
            #expect(
                try await charlie.send("POST", "/jobs/\(waiting)/cancel").problem(404)["error"] as? String
                    == "not_found")
            let cancelled = try await customer.send("POST", "/jobs/\(waiting)/cancel")
            #expect(cancelled.status == 202)
            #expect(try cancelled.json["status"] as? String == "cancelled")
            #expect(
                try await customer.send("POST", "/jobs/\(waiting)/cancel").problem(409)["error"] as? String
                    == "job_finished")

            let running = try await customer.submit(file: long)
            let worker = try await deployment.start("worker")
            try await eventually("the job runs") {
                try await customer.get("/jobs/\(running)").json["status"] as? String == "processing"
            }
            #expect(try await customer.send("POST", "/jobs/\(running)/cancel").status == 202)
            #expect(try await customer.get("/jobs/\(running)").json["status"] as? String == "cancelled")
            try await eventually("the audio is gone, and the customer is told") {
                let isReported = try await customer.get("/jobs/\(running)").json["source_deleted_at"] is String
                return try isReported && Self.audio(deployment).isEmpty
            }
            #expect(try await deployment.tenants.owner.query("SELECT FROM usage").isEmpty)
            worker.process.signal(SIGTERM)
        }
    }

    @Test func `words and jobs are deleted at their customer's word, and by nobody else`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            #expect(try await customer.send("DELETE", "/jobs/\(job)").problem(409)["error"] as? String == "job_active")
            #expect(
                try await customer.send("DELETE", "/jobs/\(job)/transcript").problem(409)["error"] as? String
                    == "not_ready")
            #expect(try await customer.words(of: job).isEmpty == false)
            for path in ["/jobs/\(job)", "/jobs/\(job)/transcript"] {
                #expect(try await charlie.send("DELETE", path).problem(404)["error"] as? String == "not_found")
            }
            #expect(try await customer.send("DELETE", "/jobs/\(job)/transcript").status == 204)
            #expect(
                try await customer.get("/jobs/\(job)/transcript").problem(410)["error"] as? String
                    == "transcript_deleted")
            #expect(try await customer.send("DELETE", "/jobs/\(job)/transcript").status == 204)
            #expect(try await customer.get("/jobs/\(job)").json["status"] as? String == "completed")
            #expect(try await customer.send("DELETE", "/jobs/\(job)").status == 204)
            #expect(try await customer.get("/jobs/\(job)").problem(404)["error"] as? String == "not_found")
            #expect(try await customer.send("DELETE", "/jobs/\(job)").status == 404)
            #expect(try await deployment.tenants.owner.query("SELECT FROM transcripts").isEmpty)
            #expect(try await deployment.tenants.owner.query("SELECT FROM usage").count == 1)
        }
    }
}
