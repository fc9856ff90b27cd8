import Billing
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Everything at once: submissions from two nodes, workers that complete, fail, hand back and die, customers who cancel.
@Suite struct ChaosTests {
    /// What one worker does with a claim.
    private static func work(_ claim: ClaimedTask, _ scene: QueueScene, _ fate: Int) async {
        switch fate {
        case 0...4:
            // Decoded, it is a little shorter or longer than its file claimed.
            try? await scene.write(claim) { claim, transaction in
                let seconds = 12 + Int64(fate) - 2
                try transaction.execute(
                    """
                    UPDATE jobs SET samples_total = \(seconds * Samples.perSecond - 5), samples_to_process = 0
                    WHERE tenant_id = \(claim.tenant) AND id = \(claim.job) AND status = 'processing'
                    """)
                try Reservation.resize(claim.job, of: claim.tenant, to: seconds, in: transaction)
                try claim.completeJob(Transcript.empty(of: claim.job), body: [], in: transaction)
            }
        case 5, 6: try? await scene.write(claim) { try $0.failJob(.internal, in: $1) }
        case 7: try? await scene.write(claim) { try $0.handBack(in: $1) }
        // Killed: nobody writes anything, the lease runs out.
        default: return
        }
    }

    @Test func `whatever happens to jobs, ledger, jobs and statement agree, and nothing is billed twice or lost`()
        async throws
    {
        try await QueueScene.run { scene in
            let tenants = [scene.tenants.example, scene.tenants.other]
            for tenant in tenants {
                try await scene.tenants.owner.execute(
                    """
                    INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled) VALUES (\(tenant), 20, true)
                    """)
            }
            try await withThrowingTaskGroup { group in
                for (index, tenant) in tenants.enumerated() {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(index) + 40)
                        for _ in 0..<150 {
                            let overage = Int.random(in: 0..<4, using: &generator) == 0
                            let job = try? await scene.submit(tenant, seconds: 12, acceptOverage: overage)
                            guard let job, Int.random(in: 0..<6, using: &generator) == 0 else { continue }
                            try? await scene.tenants.databases.app.transaction(of: tenant) {
                                _ = try Job.cancel(job.id, of: tenant, in: $0)
                            }
                        }
                    }
                }
                for (index, queue) in [scene.first, scene.second].enumerated() {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(index) + 50)
                        var idle = 0
                        while idle < 60 {
                            let claims = try await queue.claim(limit: 4)
                            idle = claims.isEmpty ? idle + 1 : 0
                            for claim in claims {
                                await Self.work(claim, scene, Int.random(in: 0...9, using: &generator))
                            }
                            if Int.random(in: 0..<10, using: &generator) == 0 || claims.isEmpty {
                                try await scene.letTimePass(TaskQueue.lease + .seconds(1))
                                for claim in try await queue.rescue().exhausted {
                                    try? await scene.write(claim) { try $0.failJob(.internal, in: $1) }
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let month = BillingMonth(of: .now())
            let differences = try await scene.tenants.owner.transaction { try LedgerCheck.run(month, in: $0) }
            #expect(differences.map { "\($0)" } == [])
            let owner = scene.tenants.owner
            let counts = try await owner.query(
                """
                SELECT (SELECT count(*) FROM jobs WHERE status = 'completed'), (SELECT count(*) FROM usage),
                    (SELECT count(*) FROM jobs WHERE status IN ('queued', 'processing')), (SELECT count(*) FROM reservations),
                    (SELECT count(*) FROM jobs WHERE status = 'cancelled'), (SELECT count(*) FROM jobs WHERE status = 'failed')
                """
            )[0].decode(Int.self, Int.self, Int.self, Int.self, Int.self, Int.self)
            #expect(counts.0 == counts.1)
            #expect(counts.0 > 50 && counts.4 > 10 && counts.5 > 10)
            #expect(counts.2 == 0 && counts.3 == 0)
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            // Who did not accept overage never got beyond the month.
            let over = try await owner.query(
                """
                SELECT tenant_id FROM (
                    SELECT tenant_id, accept_overage, sum(seconds) OVER (PARTITION BY tenant_id ORDER BY admission) AS total FROM usage
                ) u WHERE NOT accept_overage AND total > 20 * 60
                """)
            #expect(over.isEmpty)
            #expect(
                try await owner.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0]
                    .decode(Int.self) == 0)
        }
    }
}

extension Transcript {
    static func empty(of job: JobID) -> Transcript {
        Transcript(
            jobID: job.rawValue, language: "en", languageConfidence: nil, durationMilliseconds: 12_000,
            engine: "whisper_base", fallback: nil, model: "whisper_base", diarization: "none", speakers: [],
            voices: nil,
            segments: [])
    }
}
