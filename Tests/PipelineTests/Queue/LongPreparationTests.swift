import Billing
import Egress
import MediaSimulator
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Preparations that keep a place for minutes have places of their own, whatever their files say.
@Suite struct LongPreparationTests {
    private static func longOnes(_ scene: StageScene) async throws -> [ClaimedTask] {
        try await scene.queue.claimPreparations(limit: 5, share: 5, beside: [:])
    }

    @Test(arguments: [1, 2])
    func `one that was taken for short makes way for others, and is worked on as a long one`(channels: Int)
        async throws
    {
        try await StageScene.run { scene in
            let job = try await scene.submit(seconds: 1200, claiming: 60, channels: channels)
            let claim = try #require(try await scene.queue.claim(limit: 1).first)
            #expect(!claim.isLong)
            await scene.stages.perform(claim)
            #expect(scene.log.text.contains("task requeued"))
            #expect(try await scene.queue.claim(limit: 5) == [])
            let long = try #require(try await Self.longOnes(scene).first)
            #expect(long.job == job.id && long.kind == .prepare && long.isLong && long.attempt == 1)
            #expect(try #require(try await scene.job(job.id)?.estimatedMilliseconds) > 900_000)
            // It is decoded to its end there: what it lacks is the model server.
            await scene.stages.perform(long)
            #expect(try await scene.job(job.id)?.status == .processing)
            #expect(scene.log.text.contains("task postponed"))
        }
    }

    @Test func `whoever lost the claim hands nothing over`() async throws {
        try await StageScene.run { scene in
            let job = try await scene.submit(seconds: 1200, claiming: 60)
            let claim = try #require(try await scene.queue.claim(limit: 1).first)
            try await scene.tenants.owner.execute("UPDATE tasks SET lease_until = now() - interval '1 minute'")
            #expect(try await scene.queue.rescue().rescued == 1)
            let next = try #require(try await scene.queue.claim(limit: 1).first)
            await scene.stages.perform(claim)
            #expect(try await scene.queue.held([next]) == [next])
            #expect(try await scene.job(job.id)?.estimatedMilliseconds == 60_000)
        }
    }

    @Test func `what was fetched goes where its length belongs`() async throws {
        try await StageScene.run { scene in
            scene.site["/short.wav"] = .init(type: "audio/wav", body: StageScene.wav(seconds: 2))
            scene.site["/long.wav"] = .init(type: "audio/wav", body: StageScene.wav(seconds: 700))
            let (short, long) = (
                try await scene.submit(url: "/short.wav"), try await scene.submit(url: "/long.wav")
            )
            for claim in try await scene.queue.claimFetches(limit: 2, share: 2, beside: [:]) {
                await scene.stages.perform(claim)
            }
            #expect(try await scene.queue.claim(limit: 5).map(\.job) == [short.id])
            #expect(try await Self.longOnes(scene).map(\.job) == [long.id])
        }
    }
}
