import AssemblyAISimulator
import Pipeline
import TestSupport
import Testing

/// Model names that AssemblyAI no longer takes, or does not take yet.
@Suite struct AssemblyAIModelTests {
    private static func settings(
        retired: Set<String>, models: [String] = [], text: String? = nil
    ) -> SimulatorSettings {
        var settings = SimulatorSettings()
        for name in models where settings.models[name] == nil { settings.models[name] = settings.models["universal-2"] }
        (settings.retired, settings.modelRefusal) = (retired, text)
        return settings
    }

    private static func lines(_ log: CapturedLog, about part: String) -> Int {
        log.text.split(separator: "\n").count { $0.contains(part) }
    }

    @Test func `a retired name costs one refused call, the next name does the work, and the operator is told`()
        async throws
    {
        let log = CapturedLog()
        try await AssemblyAIScene.run(
            models: ["universal-3-pro", "universal-2"], settings: Self.settings(retired: ["universal-3-pro"]), log: log
        ) { scene in
            let recognition = try await scene.finish()
            #expect(recognition.model == "universal-2")
            #expect(recognition.segments.flatMap(\.words).count == 6)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 2, .poll: 2])
            #expect(scene.simulator.transcripts.map(\.submission.speech_models) == [["universal-2"]])
            #expect(Self.lines(log, about: "the recognizer rejects a model: look at VERBATIM_ASSEMBLYAI_MODELS") == 1)
            #expect(log.text.contains("universal-3-pro is no longer available. Use one or more of the following"))
        }
    }

    @Test func `a name that is refused is left out for a minute, then tried again, and used when it is taken again`()
        async throws
    {
        try await AssemblyAIScene.run(settings: Self.settings(retired: ["universal-3-5-pro"])) { scene in
            for _ in 0..<5 { _ = try await scene.handIn(with: scene.engine) }
            #expect(scene.simulator.calls == [.upload: 5, .submit: 6])
            scene.clock.advance(.seconds(60))
            _ = try await scene.handIn(with: scene.engine)
            #expect(scene.simulator.calls == [.upload: 6, .submit: 8])
            scene.simulator.configure { $0.retired = [] }
            scene.clock.advance(.seconds(60))
            let ticket = try await scene.handIn(with: scene.engine)
            #expect(scene.simulator.calls == [.upload: 7, .submit: 9])
            #expect(scene.simulator.transcripts.last?.submission.speech_models == ["universal-3-5-pro", "universal-2"])
            let recognition = try await scene.finish(ticket: ticket)
            #expect(recognition.model == "universal-3-5-pro")
        }
    }

    /// Wherever it stands, and whatever the refusal says: that names the bad one, a good one, or none.
    @Test(
        arguments: [["gone", "a", "b"], ["a", "gone", "b"], ["a", "b", "gone"], ["a", "gone"]],
        [nil, "must be one or more of: a, b", "the model gone is retired", "Invalid request.", ""])
    func `of several names only the bad one is left out`(_ models: [String], _ text: String?) async throws {
        try await AssemblyAIScene.run(
            models: models, settings: Self.settings(retired: ["gone"], models: ["a", "b", "gone"], text: text)
        ) { scene in
            _ = try await scene.handIn(with: scene.engine)
            #expect(scene.simulator.transcripts.map(\.submission.speech_models) == [models.filter { $0 != "gone" }])
            #expect((scene.simulator.calls[.submit] ?? 0) <= models.count + 1)
            #expect(scene.simulator.calls[.upload] == 1)
        }
    }

    @Test(arguments: ["a", "b", "c"])
    func `when one name of three is left, it is found`(_ left: String) async throws {
        let models = ["a", "b", "c"]
        try await AssemblyAIScene.run(
            models: models, settings: Self.settings(retired: Set(models.filter { $0 != left }), models: models)
        ) { scene in
            _ = try await scene.handIn(with: scene.engine)
            #expect(scene.simulator.transcripts.map(\.model) == [left])
            #expect((scene.simulator.calls[.submit] ?? 0) <= 7)
        }
    }

    @Test func `when every name is retired, chunks fall back and say why, and soon nothing is uploaded in vain`()
        async throws
    {
        let settings = Self.settings(retired: ["universal-3-5-pro", "universal-2"])
        try await FallbackScene.run(settings: settings) { scene in
            for _ in 0..<5 {
                let recognition = try await scene.finish()
                #expect(recognition.engine == "whisper_base")
                #expect(
                    recognition.fallback
                        == Recognition.Fallback(from: "assemblyai_universal_3", reason: .requestRefused))
            }
            #expect(scene.assembly.simulator.calls == [.upload: 5, .submit: 15])
            for _ in 0..<5 { _ = try await scene.finish() }
            #expect(scene.assembly.simulator.calls == [.upload: 5, .submit: 15])
            #expect(scene.assembly.simulator.transcripts.isEmpty)
        }
    }

    @Test func `an empty account is told as such also behind a retired name, and nobody takes over`() async throws {
        var settings = Self.settings(retired: ["universal-3-5-pro"])
        settings.balanceIsEmpty = true
        try await FallbackScene.run(settings: settings) { scene in
            await #expect(throws: EngineError.quotaExceeded) { _ = try await scene.finish() }
            #expect(scene.assembly.simulator.calls == [.upload: 1, .submit: 2])
            #expect(scene.substitute.count == 0)
        }
    }

    @Test func `a language that the models do not know is no fault of their names'`() async throws {
        let log = CapturedLog()
        try await AssemblyAIScene.run(models: ["universal-3-5-pro"], log: log) { scene in
            let failure = try await scene.failure(.seconds(3, language: "pl"))
            #expect(failure == .unavailable(.languageUnsupported))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
            _ = try await scene.finish()
            #expect(!log.text.contains("the recognizer rejects"))
        }
        // Nor is a name left out for other languages that was refused for one.
        try await AssemblyAIScene.run(settings: Self.settings(retired: ["universal-2"])) { scene in
            let failure = try await scene.failure(.seconds(3, language: "pl"))
            #expect(failure == .unavailable(.languageUnsupported))
            let recognition = try await scene.finish()
            #expect(recognition.model == "universal-3-5-pro")
        }
    }

    @Test func `what passes in time is tried again for each list, and no list is taken for refused`() async throws {
        try await AssemblyAIScene.run(settings: Self.settings(retired: ["universal-3-5-pro"])) { scene in
            scene.simulator.fail(.submit, .answer(status: 503), times: 2)
            _ = try await scene.handIn(with: scene.engine)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 4])
            scene.simulator.fail(.submit, .answer(status: 503))
            let failure = try await scene.failure()
            #expect(failure == .unavailable(.serverError))
            #expect(scene.simulator.calls == [.upload: 2, .submit: 7])
        }
    }
}
