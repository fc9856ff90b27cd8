import AssemblyAISimulator
import Pipeline
import Testing

/// How the breaker spares AssemblyAI, and the chunks that would wait for it.
@Suite struct FallbackBreakerTests {
    @Test func `after five chunks in a row it is not asked for half a minute, then by one chunk`() async throws {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.fail(.upload, .answer(status: 500))
            for _ in 0..<5 {
                let recognition = try await scene.finish()
                #expect(recognition.fallback?.reason == .serverError)
            }
            #expect(scene.assembly.simulator.calls == [.upload: 15])
            for _ in 0..<7 {
                let recognition = try await scene.finish()
                #expect(recognition.fallback?.reason == .circuitOpen)
            }
            #expect(scene.assembly.simulator.calls == [.upload: 15])

            scene.assembly.clock.advance(.seconds(30))
            let trial = try await scene.finish()
            #expect(trial.fallback?.reason == .serverError)
            let next = try await scene.finish()
            #expect(next.fallback?.reason == .circuitOpen)
            #expect(scene.assembly.simulator.calls == [.upload: 18])

            scene.assembly.clock.advance(.seconds(30))
            scene.assembly.simulator.heal(.upload)
            for _ in 0..<3 {
                let recognition = try await scene.finish()
                #expect(recognition.fallback == nil)
            }
            #expect(scene.assembly.simulator.calls == [.upload: 21, .submit: 3, .poll: 6])
        }
    }

    @Test func `a chunk that is accepted ends a row of failures, though nobody knows yet what it holds`() async throws {
        try await FallbackScene.run { scene in
            for _ in 0..<2 {
                scene.assembly.simulator.fail(.upload, .answer(status: 500), times: 12)
                for _ in 0..<4 { _ = try await scene.finish() }
                guard case .waiting(.some, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                    Issue.record("it should be handed in")
                    return
                }
            }
            #expect(scene.assembly.simulator.calls == [.upload: 26, .submit: 2])
        }
    }

    @Test func `an engine that refuses is there: its row of failures ends, and so does its rest`() async throws {
        try await FallbackScene.run { scene in
            let simulator = scene.assembly.simulator
            for _ in 0..<3 {
                simulator.fail(.upload, .answer(status: 500), times: 12)
                simulator.fail(.upload, .emptyBalance, times: 1)
                for _ in 0..<4 { _ = try await scene.finish() }
                await #expect(throws: EngineError.quotaExceeded) { _ = try await scene.finish() }
            }
            #expect(simulator.calls == [.upload: 39])

            simulator.fail(.upload, .answer(status: 500), times: 15)
            for _ in 0..<6 { _ = try await scene.finish() }
            scene.assembly.clock.advance(.seconds(30))
            simulator.fail(.upload, .emptyBalance, times: 1)
            await #expect(throws: EngineError.quotaExceeded) { _ = try await scene.finish() }
            let recognition = try await scene.finish()
            #expect(recognition.fallback == nil)
            #expect(simulator.calls == [.upload: 56, .submit: 1, .poll: 2])
        }
    }

    @Test func `chunks that were handed in are asked for also while the first engine is spared`() async throws {
        try await FallbackScene.run { scene in
            guard case .waiting(let ticket?, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                Issue.record("it should be handed in")
                return
            }
            scene.assembly.simulator.fail(.upload, .answer(status: 500))
            for _ in 0..<6 { _ = try await scene.finish() }
            let recognition = try await scene.finish(ticket: ticket)
            #expect(recognition.fallback == nil)
            #expect(scene.assembly.simulator.calls == [.upload: 16, .submit: 1, .poll: 2])

            // Nor do they take the trial from a chunk that is still to be handed in.
            scene.assembly.clock.advance(.seconds(3_600))
            scene.assembly.simulator.heal(.upload)
            scene.assembly.simulator.configure { $0.unfinishedPolls = .max }
            let late = try await scene.finish(ticket: ticket)
            #expect(late.fallback?.reason == .timeout)
            let trial = try await scene.engine.recognize(.seconds(3), ticket: nil)
            guard case .waiting(.some, _) = trial else {
                Issue.record("it should be handed in")
                return
            }
        }
    }

    @Test func `polls that are waited out neither open it nor begin the row anew`() async throws {
        try await FallbackScene.run { scene in
            guard case .waiting(let ticket, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                return
            }
            scene.assembly.simulator.fail(.poll, .answer(status: 500))
            for _ in 0..<10 { _ = try await scene.engine.recognize(.seconds(3), ticket: ticket) }
            scene.assembly.simulator.fail(.upload, .answer(status: 500))
            for count in 1...6 {
                let recognition = try await scene.finish()
                #expect(recognition.fallback?.reason == (count < 6 ? .serverError : .circuitOpen))
                _ = try await scene.engine.recognize(.seconds(3), ticket: ticket)
            }
            #expect(scene.assembly.simulator.calls == [.upload: 16, .submit: 1, .poll: 16])
        }
    }
}
