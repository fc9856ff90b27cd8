import Egress
import Foundation
import MediaSimulator
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Sources that drip keep no place from others for long, and still come whole.
@Suite struct SlowSourceTests {
    @Test func `a slow download makes way, and goes on where it was`() async throws {
        var terms = FetchPace.Terms()
        terms.trial = .zero
        let pace = FetchPace(terms: terms)
        try await StageScene.run(pace: pace) { scene in
            let audio = StageScene.wav(seconds: 20)
            scene.site["/a.wav"] = .init(type: "audio/wav", body: audio, tag: "\"1\"", stalls: [200_000])
            let job = try await scene.submit(url: "/a.wav")
            let claim = try #require(try await scene.queue.claimFetches(limit: 1, share: 1, beside: [:]).first)
            let fetching = Task { await scene.stages.perform(claim) }
            let folder = scene.storage.downloadFolder(of: job.id, tenant: scene.tenants.example)
            func come() -> Int {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                return names.compactMap { try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)") }
                    .compactMap { $0[.size] as? Int }.max() ?? 0
            }
            try await eventually("a part has come") { come() >= 200_000 }
            try await eventually("it makes way") { pace.makingWay(for: 1, places: 1) == [claim.fence] }
            fetching.cancel()
            await fetching.value
            #expect(scene.log.text.contains("others wait"))
            let row = try await scene.tenants.owner.query(
                "SELECT status, attempt, run_after > now() FROM tasks WHERE kind = 'fetch'")
            let (status, attempt, isLater) = try row[0].decode(String.self, Int.self, Bool.self)
            #expect(status == "ready" && attempt == 0 && isLater)
            try await scene.tenants.owner.execute("UPDATE tasks SET run_after = now()")
            let next = try #require(try await scene.queue.claimFetches(limit: 1, share: 1, beside: [:]).first)
            await scene.stages.perform(next)
            #expect(scene.site.requests.last?.headers["range"] == "bytes=200000-")
            #expect(try await scene.job(job.id)?.estimatedMilliseconds == 20_000)
        }
    }

    @Test func `one that was slow for a day is tried for the last times`() async throws {
        var terms = FetchPace.Terms()
        terms.trial = .zero
        let pace = FetchPace(terms: terms)
        try await StageScene.run(pace: pace) { scene in
            scene.site["/a.wav"] = .init(
                type: "audio/wav", body: StageScene.wav(seconds: 20), stalls: Array(repeating: 100_000, count: 9))
            let job = try await scene.submit(url: "/a.wav")
            try await scene.tenants.owner.execute("UPDATE tasks SET first_claimed_at = now() - interval '25 hours'")
            var attempts: [Int] = []
            while let claim = try await scene.queue.claimFetches(limit: 1, share: 1, beside: [:]).first {
                attempts.append(claim.attempt)
                let fetching = Task { await scene.stages.perform(claim) }
                try await eventually("it makes way") { pace.makingWay(for: 1, places: 1) == [claim.fence] }
                fetching.cancel()
                await fetching.value
                try await scene.tenants.owner.execute("UPDATE tasks SET run_after = now() WHERE kind = 'fetch'")
            }
            #expect(attempts == [1, 2, 3, 4, 5, 6])
            #expect(try await scene.job(job.id)?.failure?.code == .sourceTimeout)
        }
    }
}
