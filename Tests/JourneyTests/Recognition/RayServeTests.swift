import Foundation
import Postgres
import TestSupport
import Testing

/// Workers whose model server is a cluster.
@Suite struct RayServeTests {
    @Test func `a replica that is killed while it recognizes costs an attempt, not the job`() async throws {
        try await Deployment.with { deployment in
            try await deployment.keepTasks()
            let cluster = try await RayCluster("Recognition.num_replicas=2")
            let api = try await deployment.start("api")
            let worker = try await deployment.start("worker", ["VERBATIM_INFERENCE_URL": cluster.url])
            let customer = try await deployment.customer(at: api)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let clips = Array(repeating: Recordings.allClips, count: 4).flatMap { $0 }
            let file = try await Recordings.speech(clips, into: media, named: "long.flac")
            let job = try await customer.submit(file: file)
            try await cluster.killWorking("Recognition")
            _ = try await worker.process.log.line(with: "task failed; it will be tried again", "recognize", job)

            let heard = WordErrorRate.normalized(try await customer.words(of: job))
            #expect(WordErrorRate.between(heard, and: try Recordings.reference(clips)) <= 0.05)
            let transcript = try await customer.get("/jobs/\(job)/transcript").json
            #expect(transcript["engine"] as? String == "whisper_base")
            let counts = try await deployment.tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM transcripts), (SELECT max(attempt) FROM every_task WHERE kind = 'recognize'),
                    (SELECT max(attempt) FROM every_task WHERE kind <> 'recognize')
                """)[0].decode(Int.self, Int.self, Int.self)
            #expect(counts == (1, 2, 1))
            worker.process.signal(SIGTERM)
            _ = try await worker.process.ended()
            try await cluster.end()
        }
    }
}
