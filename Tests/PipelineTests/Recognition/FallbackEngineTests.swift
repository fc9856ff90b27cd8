import AssemblyAISimulator
import Pipeline
import Postgres
import TestSupport
import Testing

/// AssemblyAI first, and another engine behind it.
@Suite struct FallbackEngineTests {
    @Test func `while the first engine works, the other one is not asked`() async throws {
        try await FallbackScene.run { scene in
            let recognition = try await scene.finish()
            #expect(recognition.engine == "assemblyai_universal_3")
            #expect(recognition.fallback == nil)
            #expect(scene.substitute.count == 0)
            let name = try await scene.engine.name()
            #expect(name == "assemblyai_universal_3")
        }
    }

    @Test(arguments: [
        (SimulatorFault.answer(status: 503), FallbackReason.serverError), (.reset, .networkError),
        (.answer(status: 408), .timeout),
    ])
    func `a chunk that the first engine cannot take goes to the other one, which is told`(
        _ fault: SimulatorFault, _ reason: FallbackReason
    ) async throws {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.fail(.submit, fault)
            let recognition = try await scene.finish()
            #expect(recognition.engine == "whisper_base")
            #expect(recognition.model == "whisper_base")
            #expect(recognition.segments == FallbackSubstitute.recognition.segments)
            #expect(recognition.fallback == Recognition.Fallback(from: "assemblyai_universal_3", reason: reason))
            #expect(scene.substitute.count == 1)
            #expect(scene.assembly.simulator.calls == [.upload: 1, .submit: 3])
        }
    }

    @Test func `a chunk that was handed in and given up falls back, and its copy can still be forgotten`() async throws
    {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.failTranscripts("Server error")
            let recognition = try await scene.finish()
            #expect(recognition.fallback?.reason == .transcriptionFailed)
            #expect(scene.assembly.simulator.calls == [.upload: 3, .submit: 3, .poll: 6])
            for transcript in scene.assembly.simulator.transcripts {
                try await scene.engine.forget(
                    EngineTicket(
                        engine: "assemblyai_universal_3", id: transcript.id, submittedAt: scene.assembly.clock.now,
                        attempt: 1))
            }
            #expect(scene.assembly.simulator.uploads == 0)
        }
    }

    @Test func `without a slot the first engine is only asked, and the other one waits for a slot`() async throws {
        try await FallbackScene.run { scene in
            guard case .waiting(let ticket?, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                Issue.record("it should be handed in")
                return
            }
            let question = SpeechChunk.seconds(3, isOnlyAskedFor: true)
            guard case .waiting(ticket, _) = try await scene.engine.recognize(question, ticket: ticket) else {
                Issue.record("it should be waited for")
                return
            }
            scene.assembly.simulator.configure { $0.unfinishedPolls = .max }
            scene.assembly.clock.advance(.seconds(3_600))
            for _ in 0..<10 {
                guard case .needsSlot = try await scene.engine.recognize(question, ticket: ticket) else {
                    Issue.record("it should go on with a slot")
                    return
                }
            }
            #expect(scene.substitute.count == 0)
            #expect(scene.assembly.simulator.calls == [.upload: 1, .submit: 1, .poll: 11])
            let recognition = try await scene.finish(ticket: ticket)
            #expect(recognition.fallback?.reason == .timeout)
            // The questions before have not counted: the next chunk goes to the first engine.
            scene.assembly.simulator.configure { $0.unfinishedPolls = 1 }
            #expect(try await scene.finish().fallback == nil)
        }
    }

    @Test func `without a slot nothing is handed in again`() async throws {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.failTranscripts("Server error")
            guard case .waiting(let ticket?, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                Issue.record("it should be handed in")
                return
            }
            let question = SpeechChunk.seconds(3, isOnlyAskedFor: true)
            _ = try await scene.engine.recognize(question, ticket: ticket)
            guard case .needsSlot = try await scene.engine.recognize(question, ticket: ticket) else {
                Issue.record("it should go on with a slot")
                return
            }
            #expect(scene.assembly.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])
        }
    }

    @Test func `only the chunk falls back whose language the first engine does not know`() async throws {
        try await FallbackScene.run { scene in
            for _ in 0..<10 {
                let recognition = try await scene.finish(.seconds(3, language: "yue"))
                #expect(recognition.fallback?.reason == .languageUnsupported)
            }
            #expect(scene.assembly.simulator.calls == [:])
            let recognition = try await scene.finish()
            #expect(recognition.fallback == nil)
        }
    }

    @Test func `an empty account, a refused key and bad audio never fall back`() async throws {
        var empty = SimulatorSettings()
        empty.balanceIsEmpty = true
        try await FallbackScene.run(settings: empty) { scene in
            for _ in 0..<10 {
                await #expect(throws: EngineError.quotaExceeded) { _ = try await scene.finish() }
            }
            scene.assembly.simulator.configure { $0.apiKey = "another" }
            for _ in 0..<10 {
                let failure = await #expect(throws: EngineError.self) { _ = try await scene.finish() }
                guard case .misconfigured = failure else {
                    Issue.record("it should be the operator's to mend")
                    return
                }
            }
            #expect(scene.assembly.simulator.calls == [.upload: 20, .submit: 10])
            #expect(scene.substitute.count == 0)
        }
        try await FallbackScene.run { scene in
            scene.assembly.simulator.failTranscripts("Transcoding failed.")
            await #expect(throws: EngineError.invalidAudio(.decodeFailed)) { _ = try await scene.finish() }
            #expect(scene.substitute.count == 0)
        }
    }

    @Test func `a rate limit is waited out, and falls back only when it does not end`() async throws {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.fail(.upload, .tooManyRequests(retryAfter: "30"))
            var waits = 0
            var heard: Recognition?
            while heard == nil, waits < 20 {
                switch try await scene.engine.recognize(.seconds(3), ticket: nil) {
                case .heard(let recognition): heard = recognition
                case .waiting(let ticket, let again):
                    #expect(ticket == nil)
                    waits += 1
                    scene.assembly.clock.advance(again)
                case .needsSlot: Issue.record("it has one")
                }
            }
            #expect(heard?.fallback?.reason == .rateLimited)
            #expect(waits == 4)
            #expect(scene.assembly.simulator.calls == [.upload: 5])
        }
    }

    @Test func `when the other engine must wait, the ticket of the first is kept`() async throws {
        let substitute = FallbackSubstitute { .waiting(nil, again: .seconds(9)) }
        try await FallbackScene.run(substitute) { scene in
            guard case .waiting(let ticket?, _) = try await scene.engine.recognize(.seconds(3), ticket: nil) else {
                Issue.record("the first engine should take the piece")
                return
            }
            scene.assembly.simulator.configure { $0.unfinishedPolls = .max }
            scene.assembly.clock.advance(.seconds(3_600))
            guard case .waiting(ticket, .seconds(9)) = try await scene.engine.recognize(.seconds(3), ticket: ticket)
            else {
                Issue.record("it should wait with the first engine's ticket")
                return
            }
        }
    }

    @Test func `what the other engine throws is told as it is`() async throws {
        struct Down: Error {}
        try await FallbackScene.run(FallbackSubstitute { throw Down() }) { scene in
            scene.assembly.simulator.fail(.upload, .answer(status: 500))
            await #expect(throws: Down.self) { _ = try await scene.finish() }
        }
    }

    @Test func `a chunk that is cancelled does not fall back`() async throws {
        try await FallbackScene.run { scene in
            scene.assembly.simulator.fail(.upload, .hang)
            let task = Task { try await scene.engine.recognize(.seconds(3), ticket: nil) }
            try await eventually("an upload") { scene.assembly.simulator.calls[.upload] == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(scene.substitute.count == 0)
        }
    }
}
