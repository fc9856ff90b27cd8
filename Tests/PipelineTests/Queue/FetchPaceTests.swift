import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Who makes way when others wait for a place.
@Suite struct FetchPaceTests {
    /// Fetches under way that bring so many bytes a second.
    private final class Fetches: Sendable {
        let pace: FetchPace
        private let clock = SteadyTestClock()
        private let bytes = Mutex<[Int64: Int64]>([:])
        private let rates = Mutex<[Int64: Int64]>([:])
        private let ends = Mutex<[AsyncStream<Never>.Continuation]>([])

        init() { pace = FetchPace(now: clock.now) }

        func begin(
            _ claim: ClaimedTask, bytesASecond: Int64, stage: FetchProgress.Stage = .plain, canGoOn: Bool = true
        ) async throws {
            rates.withLock { $0[claim.fence] = bytesASecond }
            let (silence, end) = AsyncStream<Never>.makeStream()
            ends.withLock { $0.append(end) }
            let (begun, beginning) = AsyncStream<Void>.makeStream()
            Task { [self] in
                try await pace.watch(claim) { progress in
                    progress.enter(
                        stage, bytes: { self.bytes.withLock { $0[claim.fence] ?? 0 } }, canGoOn: { canGoOn })
                    beginning.finish()
                    for await _ in silence {}
                }
            }
            for await _ in begun {}
        }

        func pass(seconds: Int) {
            for _ in 0..<seconds {
                clock.advance(by: .seconds(1))
                let rates = rates.withLock { $0 }
                bytes.withLock { bytes in
                    for (fence, rate) in rates { bytes[fence, default: 0] += rate }
                }
                _ = pace.hasSlow
            }
        }

        func end() { ends.withLock { for end in $0 { end.finish() } } }
    }

    private static func run(_ count: Int, _ body: (Fetches, [ClaimedTask]) async throws -> Void) async throws {
        try await StageScene.run { scene in
            for number in 0..<count { _ = try await scene.submit(url: "/\(number)") }
            let claims = try await scene.queue.claimFetches(limit: count, share: count, beside: [:])
            try #require(claims.count == count)
            let fetches = Fetches()
            try await body(fetches, claims)
            fetches.end()
        }
    }

    @Test func `a fetch has a minute to show its pace, and a fast one is left alone`() async throws {
        try await Self.run(2) { fetches, claims in
            try await fetches.begin(claims[0], bytesASecond: 4 << 10)
            try await fetches.begin(claims[1], bytesASecond: 2 << 20)
            fetches.pass(seconds: 59)
            #expect(!fetches.pace.hasSlow)
            #expect(fetches.pace.makingWay(for: 2, places: 2) == [])
            fetches.pass(seconds: 1)
            #expect(fetches.pace.hasSlow)
            #expect(fetches.pace.makingWay(for: 0, places: 2) == [])
            #expect(fetches.pace.makingWay(for: 2, places: 2) == [claims[0].fence])
            // Who was told is not told again, nor somebody else in its stead.
            #expect(fetches.pace.makingWay(for: 1, places: 2) == [])
            fetches.pass(seconds: 3600)
            #expect(fetches.pace.makingWay(for: 2, places: 2) == [])
        }
    }

    @Test func `what takes long has to be faster`() async throws {
        try await Self.run(1) { fetches, claims in
            try await fetches.begin(claims[0], bytesASecond: 128 << 10)
            fetches.pass(seconds: 590)
            #expect(!fetches.pace.hasSlow)
            fetches.pass(seconds: 10)
            #expect(fetches.pace.makingWay(for: 1, places: 1) == [claims[0].fence])
        }
    }

    @Test func `those that can go on make way first, then the youngest; the oldest quarter stays`() async throws {
        try await Self.run(8) { fetches, claims in
            for (number, claim) in claims.enumerated() {
                try await fetches.begin(claim, bytesASecond: 4 << 10, canGoOn: number == 2)
                fetches.pass(seconds: 1)
            }
            fetches.pass(seconds: 60)
            #expect(fetches.pace.makingWay(for: 1, places: 8) == [claims[2].fence])
            #expect(fetches.pace.makingWay(for: 2, places: 8) == [claims[7].fence])
            #expect(fetches.pace.makingWay(for: 100, places: 8) == Set([3, 4, 5, 6].map { claims[$0].fence }))
            #expect(fetches.pace.makingWay(for: 100, places: 8) == [])
        }
    }

    @Test func `slow pages make way for pages that wait, though places are free`() async throws {
        try await Self.run(4) { fetches, claims in
            for claim in claims.prefix(3) {
                try await fetches.begin(claim, bytesASecond: 1 << 10, stage: .page, canGoOn: false)
            }
            fetches.pass(seconds: 60)
            #expect(fetches.pace.makingWay(for: 0, places: 8) == [])
            try await fetches.begin(claims[3], bytesASecond: 0, stage: .waitingForPage)
            let stopped = fetches.pace.makingWay(for: 0, places: 8)
            #expect(stopped.count == 1 && !stopped.contains(claims[3].fence))
        }
    }
}
