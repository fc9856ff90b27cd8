import AssemblyAISimulator
import Foundation
import Pipeline
import Postgres
import Testing

/// The way of a chunk through AssemblyAI when nothing goes wrong.
@Suite struct AssemblyAITests {
    @Test func `a chunk is uploaded once, handed in once, and asked for until it is done`() async throws {
        var settings = SimulatorSettings()
        settings.unfinishedPolls = 3
        settings.words = { _ in
            [
                SimulatedWord("Hello", start: 240, end: 640, confidence: 0.5),
                SimulatedWord("there.", start: 700, end: 1_100),
            ]
        }
        try await AssemblyAIScene.run(settings: settings) { scene in
            let recognition = try await scene.finish()
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 4])
            #expect(recognition.engine == "assemblyai_universal_3")
            #expect(recognition.model == "universal-3-5-pro")
            #expect(recognition.fallback == nil)
            let segment = try #require(recognition.segments.first)
            #expect(recognition.segments.count == 1)
            #expect((segment.start, segment.end, segment.text) == (240, 1_100, "Hello there."))
            #expect(segment.confidence.map { abs($0 - 0.7) < 1e-9 } == true)
            #expect(segment.words.map(\.start) == [240, 700])
            #expect(segment.words.map(\.end) == [640, 1_100])
            #expect(segment.words.map(\.confidence) == [0.5, 0.9])
        }
    }

    @Test func `the recording arrives whole, with its language, our models in their order, and no wish to guess`()
        async throws
    {
        var settings = SimulatorSettings()
        settings.words = { audio in [SimulatedWord("\(audio.bytes.count)", start: 0, end: audio.milliseconds)] }
        try await AssemblyAIScene.run(settings: settings) { scene in
            let chunk = SpeechChunk.seconds(60, language: "pl", keyTerms: ["Łódź", "Biuro, Polska"])
            let recognition = try await scene.finish(chunk)
            #expect(recognition.segments.map(\.text) == ["\(try await chunk.wav().count)"])
            let submission = try #require(scene.simulator.transcripts.first?.submission)
            #expect(submission.speech_models == ["universal-3-5-pro", "universal-2"])
            #expect(submission.language_code == "pl")
            #expect(submission.language_detection == nil)
            #expect(submission.keyterms_prompt == ["Łódź", "Biuro, Polska"])
            #expect(submission.punctuate == true)
            #expect(submission.format_text == true)
            // The second of the list, because the first knows no Polish: what ran is what the transcript names.
            #expect(recognition.model == "universal-2")
        }
    }

    @Test func `key terms that AssemblyAI rejects are left out, and are no fault of the settings`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(
                .submit, .answer(status: 400, body: #"{"error":"keyterms_prompt: a phrase is too short"}"#), times: 1)
            let recognition = try await scene.finish(SpeechChunk.seconds(20, keyTerms: ["x"]))
            #expect(!recognition.segments.isEmpty)
            #expect(scene.simulator.transcripts.map(\.submission.keyterms_prompt) == [nil])
            #expect(scene.simulator.calls[.submit] == 2)
        }
    }

    @Test func `the ticket tells what a fresh process needs, which then hands in nothing`() async throws {
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            #expect(ticket.engine == "assemblyai_universal_3")
            #expect(ticket.id == scene.simulator.transcripts.first?.id)
            #expect(ticket.submittedAt == scene.clock.now)
            #expect(ticket.attempt == 1)

            let chunk = SpeechChunk.seconds(3)
            guard case .waiting(ticket, _) = try await scene.another.recognize(chunk, ticket: ticket),
                case .heard(let recognition) = try await scene.another.recognize(chunk, ticket: ticket)
            else {
                Issue.record("it should wait once with the same ticket and then be done")
                return
            }
            #expect(recognition.segments.flatMap(\.words).count == 6)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])
        }
    }

    @Test func `a ticket of another engine's is no ticket`() async throws {
        try await AssemblyAIScene.run { scene in
            let foreign = EngineTicket(engine: "another", id: "x", submittedAt: scene.clock.now, attempt: 3)
            guard case .waiting(let ticket?, _) = try await scene.engine.recognize(.seconds(1), ticket: foreign) else {
                Issue.record("it should be handed in")
                return
            }
            #expect(ticket.attempt == 1)
            try await scene.engine.forget(foreign)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
        }
    }

    @Test func `forgetting deletes their copy, and is no error when it is gone already`() async throws {
        try await AssemblyAIScene.run { scene in
            let ticket = try await scene.handIn()
            _ = try await scene.finish(ticket: ticket)
            #expect(scene.simulator.uploads == 1)
            try await scene.engine.forget(ticket)
            #expect(scene.simulator.uploads == 0)
            #expect(scene.simulator.transcripts.map(\.isDeleted) == [true])
            scene.simulator.loseTranscripts()
            try await scene.another.forget(ticket)
            #expect(scene.simulator.calls[.delete] == 2)
        }
    }

    @Test func `a silent chunk that their detector refuses, or one too short for them, holds no words`() async throws {
        for text in [
            "Audio duration is too short.",
            "language_detection cannot be performed on files with no spoken audio.",
        ] {
            try await AssemblyAIScene.run { scene in
                scene.simulator.failTranscripts(text)
                let recognition = try await scene.finish()
                #expect(recognition.segments.isEmpty)
                #expect(recognition.model == "universal-3-5-pro")
                #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])
            }
        }
        try await AssemblyAIScene.run { scene in
            let recognition = try await scene.finish(.seconds(0.1))
            #expect(recognition.segments.isEmpty)
        }
    }

    @Test func `polls come after a second or more, then ever more slowly, at last every ten seconds`() async throws {
        var settings = SimulatorSettings()
        settings.unfinishedPolls = 1_000
        try await AssemblyAIScene.run(settings: settings) { scene in
            let chunk = SpeechChunk.seconds(120)
            guard case .waiting(let ticket?, let first) = try await scene.engine.recognize(chunk, ticket: nil) else {
                Issue.record("it should be handed in")
                return
            }
            #expect(first == .seconds(2))
            var waits: [(age: Duration, wait: Duration)] = []
            scene.clock.advance(first)
            while scene.clock.now - ticket.submittedAt < .seconds(120) {
                guard case .waiting(ticket, let wait) = try await scene.another.recognize(chunk, ticket: ticket) else {
                    Issue.record("it should wait with the same ticket")
                    return
                }
                waits.append((scene.clock.now - ticket.submittedAt, wait))
                scene.clock.advance(wait)
            }
            for (age, wait) in waits {
                let expected = min(.seconds(1) + age * 0.2, .seconds(10))
                #expect((expected * 0.8...expected * 1.2).contains(wait))
            }
            // Two minutes of a chunk's waiting are at most this many calls.
            #expect((12...24).contains(waits.count))
            // All of these would be ten seconds if they did not vary.
            #expect(Set(waits.filter { $0.age > .seconds(50) }.map(\.wait)).count > 3)
        }
    }

    @Test func `a chunk that they never finish is given up ten minutes and twice its length after it was handed in`()
        async throws
    {
        var settings = SimulatorSettings()
        settings.unfinishedPolls = .max
        try await AssemblyAIScene.run(settings: settings) { scene in
            let chunk = SpeechChunk.seconds(60)
            let ticket = try await scene.handIn(chunk)
            scene.clock.advance(.seconds(719))
            guard case .waiting(ticket, _) = try await scene.engine.recognize(chunk, ticket: ticket) else {
                Issue.record("it should wait with the same ticket")
                return
            }
            scene.clock.advance(.seconds(1))
            let failure = try await scene.failure(chunk, ticket: ticket)
            #expect(failure == .unavailable(.timeout))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 2])

            // One that is done is taken however late it is asked for.
            scene.simulator.configure { $0.unfinishedPolls = 0 }
            scene.clock.advance(.seconds(86_400))
            let recognition = try await scene.finish(chunk, ticket: ticket)
            #expect(!recognition.segments.isEmpty)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1, .poll: 3])
        }
    }

    @Test func `a language that none of their models knows is told without a call`() async throws {
        try await AssemblyAIScene.run { scene in
            let failure = try await scene.failure(.seconds(1, language: "yue"))
            #expect(failure == .unavailable(.languageUnsupported))
            #expect(scene.simulator.calls == [:])
        }
    }

    @Test func `every other language of ours is accepted there`() async throws {
        try await AssemblyAIScene.run { scene in
            let languages = LanguageChoice.codes.subtracting(["yue"])
            for language in languages {
                _ = try await scene.handIn(.seconds(1, language: language))
            }
            #expect(Set(scene.simulator.transcripts.compactMap(\.submission.language_code)) == languages)
            #expect(languages.count == 99)
        }
    }

    @Test func `an account shows everything of itself but its key`() {
        let account = AssemblyAIAccount(url: "http://a.example/", apiKey: "s3cret")
        #expect("\(account)" == "AssemblyAI at http://a.example with universal-3-5-pro, universal-2")
        #expect(!String(reflecting: account).contains("s3cret"))
    }
}
