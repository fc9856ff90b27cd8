import AssemblyAISimulator
import Pipeline
import Testing

/// What may go wrong once a chunk is handed in. Only AssemblyAI itself can make us hand it in again.
@Suite struct AssemblyAIPollFaultTests {
    @Test(arguments: AssemblyAIHandInFaultTests.passing)
    func `a poll that fails waits with its ticket until the deadline, and hands nothing in`(
        _ passing: AssemblyAIHandInFaultTests.Passing
    ) async throws {
        try await AssemblyAIScene.run(limits: passing.limits(others: false)) { scene in
            let ticket = try await scene.handIn()
            scene.simulator.fail(.poll, passing.fault)
            for _ in 0..<3 {
                guard case .waiting(ticket, _) = try await scene.engine.recognize(.seconds(3), ticket: ticket) else {
                    Issue.record("it should wait with the same ticket")
                    return
                }
            }
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 3])
            #expect(scene.clock.sleeps.isEmpty)

            scene.clock.advance(.seconds(606))
            let failure = try await scene.failure(ticket: ticket)
            #expect(failure == .unavailable(passing.reason))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 4])

            scene.simulator.heal(.poll)
            scene.simulator.configure { $0.unfinishedPolls = 0 }
            let recognition = try await scene.finish(ticket: ticket, with: scene.patient)
            #expect(recognition.segments.flatMap(\.words).count == 6)
            #expect(scene.simulator.calls[.submit] == 1)
        }
    }

    @Test func `too many requests slow the polls down as far as they say, within a minute`() async throws {
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            for (header, pause) in [("30", Duration.seconds(30)), ("9999", .seconds(60)), (nil, .seconds(5))] {
                scene.simulator.fail(.poll, .tooManyRequests(retryAfter: header), times: 1)
                let step = try await scene.engine.recognize(.seconds(3), ticket: ticket)
                guard case .waiting(ticket, pause) = step else {
                    Issue.record("\(step) where it should wait \(pause) with the same ticket")
                    return
                }
            }
            scene.clock.advance(.seconds(606))
            scene.simulator.fail(.poll, .tooManyRequests(), times: 1)
            let failure = try await scene.failure(ticket: ticket)
            #expect(failure == .unavailable(.rateLimited))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 4])
        }
    }

    @Test func `a ticket from a machine whose clock is ahead is asked for like a fresh one`() async throws {
        var settings = SimulatorSettings()
        settings.unfinishedPolls = 5
        try await AssemblyAIScene.run(settings: settings) { scene in
            scene.clock.advance(.seconds(3_600))
            let ticket = try await scene.handIn()
            scene.clock.advance(.seconds(-3_600))
            guard case .waiting(ticket, let again) = try await scene.engine.recognize(.seconds(3), ticket: ticket)
            else {
                Issue.record("it should wait with the same ticket")
                return
            }
            #expect((.milliseconds(800)...Duration.milliseconds(1_200)).contains(again))
        }
    }

    @Test func `a chunk that cannot be handed in again is given up, not tried with every poll`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failTranscripts("Something went wrong. Please resubmit.")
            let ticket = try await scene.handIn()
            scene.simulator.configure { $0.unfinishedPolls = 0 }
            scene.simulator.fail(.submit, .answer(status: 503))
            let failure = try await scene.failure(ticket: ticket)
            #expect(failure == .unavailable(.serverError))
            #expect(scene.simulator.calls == [.upload: 2, .submit: 4, .poll: 1])
        }
    }

    @Test func `a proxy that does not know the address is no word of theirs: nothing is handed in again`() async throws
    {
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            scene.simulator.fail(.poll, .answer(status: 404, body: "<html>not here</html>"))
            guard case .refused = try await scene.failure(ticket: ticket) else {
                Issue.record("it should be told to the operator")
                return
            }
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 1])
            scene.simulator.fail(.delete, .answer(status: 404, body: "<html>not here</html>"))
            await #expect(throws: EngineError.self) { try await scene.engine.forget(ticket) }
        }
    }

    @Test func `a transcript that fails for a reason of theirs is handed in twice more, then given up`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failTranscripts("Something went wrong. Please resubmit.")
            let failure = try await scene.failure()
            #expect(failure == .unavailable(.transcriptionFailed))
            #expect(scene.simulator.calls == [.upload: 3, .submit: 3, .poll: 6])
        }
    }

    @Test func `a second hand-in has a ticket of its own, and succeeds as the first would have`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failTranscripts("Server error", times: 1)
            scene.simulator.configure { $0.unfinishedPolls = 0 }
            let first = try await scene.handIn()
            let step = try await scene.another.recognize(.seconds(3), ticket: first)
            guard case .waiting(let second?, _) = step else {
                Issue.record("it should be handed in again")
                return
            }
            #expect(second.id == scene.simulator.transcripts.last?.id)
            #expect(second.id != first.id)
            #expect(second.attempt == 2)
            let recognition = try await scene.finish(ticket: second)
            #expect(recognition.segments.flatMap(\.words).count == 6)
            #expect(scene.simulator.calls == [.upload: 2, .submit: 2, .poll: 2])
            for ticket in [first, second] { try await scene.engine.forget(ticket) }
            #expect(scene.simulator.uploads == 0)
        }
    }

    @Test func `a transcript that they no longer know is handed in again, three times in all`() async throws {
        try await AssemblyAIScene.run { scene in
            var ticket: EngineTicket? = try await scene.handIn()
            for attempt in 2...3 {
                scene.simulator.loseTranscripts()
                guard case .waiting(let next?, _) = try await scene.engine.recognize(.seconds(3), ticket: ticket) else {
                    Issue.record("it should be handed in again")
                    return
                }
                #expect(next.attempt == attempt)
                ticket = next
            }
            scene.simulator.loseTranscripts()
            let failure = try await scene.failure(ticket: ticket)
            #expect(failure == .unavailable(.transcriptionFailed))
            #expect(scene.simulator.calls == [.upload: 3, .submit: 3, .poll: 3])
        }
        // Some versions of theirs say it with a 400.
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            scene.simulator.fail(
                .poll, .answer(status: 400, body: #"{"error":"Transcript lookup error, transcript id not found"}"#),
                times: 1)
            _ = try await scene.finish(ticket: ticket)
            #expect(scene.simulator.calls == [.upload: 2, .submit: 2, .poll: 3])
        }
    }

    @Test func `a second hand-in that must wait keeps the first ticket`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failTranscripts("Server error", times: 1)
            scene.simulator.configure { $0.unfinishedPolls = 0 }
            let ticket = try await scene.handIn()
            scene.simulator.fail(.submit, .tooManyRequests(), times: 1)
            guard case .waiting(ticket, .seconds(5)) = try await scene.engine.recognize(.seconds(3), ticket: ticket)
            else {
                Issue.record("it should wait with the same ticket")
                return
            }
            _ = try await scene.finish(ticket: ticket)
            #expect(scene.simulator.calls == [.upload: 3, .submit: 3, .poll: 3])
        }
    }

    @Test(arguments: ["File does not appear to contain audio. File type is text/plain.", "Transcoding failed."])
    func `a chunk that they cannot decode is invalid audio`(_ text: String) async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failTranscripts(text)
            let failure = try await scene.failure()
            #expect(failure == .invalidAudio(.decodeFailed))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])
        }
    }

    @Test func `what is no recording is invalid audio`() async throws {
        try await AssemblyAIScene.run { scene in
            let failure = try await scene.failure(
                SpeechChunk(reading: { Array("text".utf8) }, duration: 1_000, language: "en", speech: []))
            #expect(failure == .invalidAudio(.decodeFailed))
        }
    }

    @Test func `a key that is withdrawn, and a balance that ends, are told also while polling`() async throws {
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            scene.simulator.configure { $0.apiKey = "another" }
            guard case .misconfigured = try await scene.failure(ticket: ticket) else {
                Issue.record("it should be the operator's to mend")
                return
            }
            scene.simulator.fail(.poll, .emptyBalance, times: 1)
            let failure = try await scene.failure(ticket: ticket)
            #expect(failure == .quotaExceeded)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])
        }
    }

    @Test func `a deletion that fails is told, once for each call, and can be repeated`() async throws {
        var limits = AssemblyAILimits()
        limits.answer = .seconds(4)
        try await AssemblyAIScene.run(limits: limits) { scene in
            let ticket = try await scene.handIn()
            let faults: [(SimulatorFault, FallbackReason)] = [
                (.tooManyRequests(), .rateLimited), (.answer(status: 500), .serverError), (.reset, .networkError),
                (.hang, .timeout),
            ]
            for (fault, reason) in faults {
                scene.simulator.fail(.delete, fault, times: 1)
                // Only who waits for ever is to run into the time-out.
                let engine = reason == .timeout ? scene.engine : scene.patient
                await #expect(throws: EngineError.unavailable(reason)) { try await engine.forget(ticket) }
            }
            #expect(scene.simulator.calls[.delete] == 4)
            #expect(scene.simulator.transcripts.map(\.isDeleted) == [false])
            try await scene.patient.forget(ticket)
            #expect(scene.simulator.transcripts.map(\.isDeleted) == [true])
            #expect(scene.simulator.calls[.delete] == 5)
        }
    }

    @Test func `a hand-in whose answer was lost is made again, because nobody can know that it arrived`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.submit, .answerLost, times: 1)
            let ticket = try await scene.handIn()
            #expect(scene.simulator.calls == [.upload: 1, .submit: 2])
            #expect(scene.simulator.transcripts.map(\.id).last == ticket.id)
            #expect(scene.simulator.transcripts.count == 2)
        }
    }
}
