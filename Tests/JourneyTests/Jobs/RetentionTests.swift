import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Transcripts that are kept for some days, and jobs with a deadline.
@Suite struct RetentionTests {
    @Test func `a transcript goes after its days, by the job's own or the account's, whichever is shorter`()
        async throws
    {
        try await Deployment.with { deployment in
            // Jobs of a test key end at once.
            let node = try await deployment.start("serve")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, mode: .test)
            let tester = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let url = #""source_url":"https://media.example/a.mp3""#
            func submit(_ more: String) async throws -> String {
                let answer = try await tester.send("POST", "/jobs", json: "{\(url)\(more)}")
                let found = try answer.json["job_id"] as? String
                let job = try #require(found, "\(answer.text)")
                _ = try await tester.finished(job)
                return job
            }
            let (own, long, other) = (
                try await submit(#","transcript_retention_days":1"#),
                try await submit(#","transcript_retention_days":30"#),
                try await submit("")
            )
            #expect(try await tester.get("/jobs/\(own)").json["transcript_retention_days"] as? Int == 1)
            // As if two days had passed.
            try await deployment.tenants.owner.execute(
                """
                UPDATE jobs SET completed_at = completed_at - interval '2 days',
                    transcript_due_at = transcript_due_at - interval '2 days'
                """)
            try await eventually("the transcript is gone") {
                try await tester.get("/jobs/\(own)/transcript").status == 410
            }
            #expect(try await tester.get("/jobs/\(own)").json["transcript_deleted_at"] is String)
            #expect(try await tester.get("/jobs/\(long)/transcript").status == 200)
            #expect(try await tester.get("/jobs/\(other)/transcript").status == 200)

            let set = try await admin.send("PUT", "/account/limits", json: #"{"transcript_retention_days":1}"#)
            #expect(try set.json["transcript_retention_days"] as? Int == 1)
            try await eventually("the account's days hold for all") {
                for job in [long, other] where try await tester.get("/jobs/\(job)/transcript").status != 410 {
                    return false
                }
                return true
            }
            #expect(try await tester.get("/jobs/\(other)").json["status"] as? String == "completed")
            for (body, field) in [
                (#"{\#(url),"transcript_retention_days":0}"#, "transcript_retention_days"),
                (#"{\#(url),"transcript_retention_days":3651}"#, "transcript_retention_days"),
                (#"{\#(url),"deadline_seconds":59}"#, "deadline_seconds"),
                (#"{\#(url),"deadline_seconds":86401}"#, "deadline_seconds"),
                (#"{\#(url),"deadline_seconds":"60"}"#, "deadline_seconds"),
            ] {
                #expect(
                    try await tester.send("POST", "/jobs", json: body).problem(400)["field"] as? String == field,
                    "\(body)")
            }
            #expect(
                try await admin.send("PUT", "/account/limits", json: #"{"transcript_retention_days":0}"#).problem(400)[
                    "field"]
                    as? String == "transcript_retention_days")
        }
    }

    @Test func `a job that misses its deadline is cancelled, says so, and costs nothing`() async throws {
        try await Deployment.with { deployment in
            // Without an engine, nobody works on jobs.
            let node = try await deployment.start("serve", ["VERBATIM_INFERENCE_URL": "http://127.0.0.1:9"])
            let customer = try await deployment.customer(at: node)
            let file = try await Recordings.short(into: deployment.scratch)
            let late = try await customer.submit(file: file, fields: ["deadline_seconds": "60"])
            let free = try await customer.submit(file: file)
            #expect(try await customer.get("/jobs/\(late)").json["deadline_at"] is String)
            #expect(try await customer.get("/jobs/\(free)").json["deadline_at"] is NSNull)
            #expect(try await customer.get("/usage").json["reserved_seconds"] as? Int == 4)
            // As if the minute had passed.
            try await deployment.tenants.owner.execute(
                "UPDATE jobs SET deadline_at = now() - interval '1 second' WHERE deadline_at IS NOT NULL")
            let ended = try await customer.finished(late)
            #expect(ended["status"] as? String == "cancelled")
            #expect((ended["error"] as? [String: Any])?["code"] as? String == "deadline_exceeded")
            #expect(try await customer.get("/jobs/\(free)").json["status"] as? String == "queued")
            let usage = try await customer.get("/usage").json
            #expect(usage["reserved_seconds"] as? Int == 2 && usage["used_seconds"] as? Int == 0)
        }
    }
}
