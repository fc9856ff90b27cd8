import Egress
import Foundation
import Postgres
import TestSupport
import Testing

/// What is wrong with a recording, and shows only when all of it is decoded.
@Suite struct DecodingFailureTests {
    @Test func `what turns out too long or silent only when it is decoded fails its job`() async throws {
        try await Deployment.with { deployment in
            let example = deployment.tenants.example
            try await deployment.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, max_duration_seconds) VALUES (\(example), 900)")
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let part = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=d=660:r=16000"], into: media, named: "part.flac")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: part))
            // Claims 11 minutes, which the plan allows; holds 22.
            let joined = media.path + "/joined.flac"
            try (bytes + bytes).write(to: URL(fileURLWithPath: joined))
            let silence = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "660"], into: media, named: "silence.flac")
            for (file, reason) in [(joined, "duration_exceeds_limit"), (silence, "empty_audio")] {
                let job = try await customer.finished(try await customer.submit(file: file))
                #expect(job["status"] as? String == "failed")
                let error = try #require(job["error"] as? [String: Any])
                #expect(error["code"] as? String == "invalid_audio")
                #expect(error["reason"] as? String == reason)
                let id = try #require(job["job_id"] as? String)
                #expect(
                    try await customer.get("/jobs/\(id)/transcript").problem(409)["error"] as? String == "not_ready")
                #expect(try await customer.get("/jobs/\(id)/transcript").headers["Retry-After"] == nil)
            }
        }
    }
}
