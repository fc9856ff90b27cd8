import AssemblyAISimulator
import Egress
import Pipeline
import TestSupport
import Testing

/// What AssemblyAI refuses: for good, or because it is asked too often.
@Suite struct AssemblyAIRefusalTests {
    @Test func `an account without balance fails the chunk after one call, by their text or by a 402`() async throws {
        var empty = SimulatorSettings()
        empty.balanceIsEmpty = true
        try await AssemblyAIScene.run(settings: empty) { scene in
            let failure = try await scene.failure()
            #expect(failure == .quotaExceeded)
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
        }
        for fault in [SimulatorFault.emptyBalance, .answer(status: 402), .answer(status: 402, body: "<html>")] {
            for route in [SimulatorRoute.upload, .submit] {
                try await AssemblyAIScene.run { scene in
                    scene.simulator.fail(route, fault)
                    let failure = try await scene.failure()
                    #expect(failure == .quotaExceeded)
                    #expect(scene.simulator.calls[route] == 1)
                    #expect(scene.simulator.transcripts.isEmpty)
                }
            }
        }
    }

    @Test func `a key that they do not take is the operator's to mend, and is not repeated`() async throws {
        try await AssemblyAIScene.run(key: "wrong-key") { scene in
            let failure = try await scene.failure()
            #expect(
                failure
                    == .misconfigured(
                        """
                        AssemblyAI refuses our request with HTTP 401 (Authentication error, API token missing/invalid); \
                        check VERBATIM_ASSEMBLYAI_API_KEY, and that VERBATIM_ASSEMBLYAI_URL is the host of its region
                        """))
            #expect(scene.simulator.calls == [.upload: 1])
        }
    }

    @Test(arguments: [(401, "<html>"), (403, #"{"error":"Cannot access uploaded file"}"#), (403, "")])
    func `a refusal of our key is the operator's to mend, after one call`(_ status: Int, _ body: String) async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.submit, .answer(status: status, body: body))
            guard case .misconfigured(let text) = try await scene.failure() else {
                Issue.record("it should be the operator's to mend")
                return
            }
            #expect(text.contains("HTTP \(status)"))
            #expect(text.contains("check VERBATIM_ASSEMBLYAI_"))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
        }
    }

    @Test(arguments: [
        (404, #"{"error":"Cannot access uploaded file"}"#, 1), (404, "", 1), (301, "", 1), (413, "", 1), (410, "", 1),
        (400, #"{"error":"something new"}"#, 3), (400, "not JSON", 3), (422, "{}", 3),
    ])
    func `a refusal of what is asked is told, after one call, or one for each model and one for the list`(
        _ status: Int, _ body: String, _ calls: Int
    ) async throws {
        let log = CapturedLog()
        try await AssemblyAIScene.run(log: log) { scene in
            scene.simulator.fail(.submit, .answer(status: status, body: body))
            guard case .refused(let text) = try await scene.failure() else {
                Issue.record("it should be told as refused")
                return
            }
            #expect(text.contains("HTTP \(status)"))
            #expect(text.contains("check VERBATIM_ASSEMBLYAI_"))
            #expect(scene.simulator.calls == [.upload: 1, .submit: calls])
            #expect(log.text.contains("\(status)") && log.text.contains("the recognizer rejects"))
        }
    }

    @Test func `what a refusal says is told without keys and URLs, on one line, and not at length`() async throws {
        let text =
            "bad key simulated-key for\\nhttps://user:pw@host.example/x?token=1 " + String(repeating: "a", count: 5_000)
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.submit, .answer(status: 400, body: #"{"error":"\#(text)"}"#))
            guard case .refused(let told) = try await scene.failure() else {
                Issue.record("it should be the operator's to mend")
                return
            }
            #expect(told.contains("(bad key [key] for [URL] aaa"))
            #expect(told.count < 320)
        }
    }

    @Test func `a URL or a key that makes no request is the operator's to mend`() async throws {
        let client = EgressClient(logger: .quiet)
        for account in [
            AssemblyAIAccount(url: "ftp://a.example", apiKey: "k"), AssemblyAIAccount(url: "no url", apiKey: "k"),
            AssemblyAIAccount(url: "http://127.0.0.1:1", apiKey: "k\r\nX-Injected: 1"),
        ] {
            let engine = AssemblyAIEngine(account: account, client: client, logger: .quiet)
            let failure = await #expect(throws: EngineError.self) {
                _ = try await engine.recognize(.seconds(1), ticket: nil)
            }
            guard case .misconfigured(let text) = failure else {
                Issue.record("it should be the operator's to mend")
                continue
            }
            #expect(text.contains("no request could be made"))
        }
        await client.close()
    }

    @Test func `too many requests are waited out as long as they say, but never longer than a minute`() async throws {
        for (header, pause) in [
            (nil, Duration.seconds(5)), ("7", .seconds(7)), ("0.5", .milliseconds(500)), ("3600", .seconds(60)),
            ("-1", .seconds(5)), ("nan", .seconds(5)), ("1e999", .seconds(5)),
            ("Wed, 21 Oct 2026 07:28:00 GMT", .seconds(5)),
        ] {
            for route in [SimulatorRoute.upload, .submit] {
                try await AssemblyAIScene.run { scene in
                    scene.simulator.fail(route, .tooManyRequests(retryAfter: header), times: 1)
                    let step = try await scene.engine.recognize(.seconds(1), ticket: nil)
                    guard case .waiting(nil, pause) = step else {
                        Issue.record("\(step) where it should wait \(pause) without a ticket")
                        return
                    }
                    #expect(scene.simulator.calls[route] == 1)
                    #expect(scene.clock.sleeps.isEmpty)
                    _ = try await scene.handIn()
                }
            }
        }
    }

    @Test func `a rate limit that lasts for two minutes is a fault, until something is accepted`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.submit, .tooManyRequests(retryAfter: "40"), times: 4)
            for _ in 0..<3 {
                guard case .waiting(nil, .seconds(40)) = try await scene.engine.recognize(.seconds(1), ticket: nil)
                else {
                    Issue.record("it should wait")
                    return
                }
                scene.clock.advance(.seconds(40))
            }
            let failure = try await scene.failure()
            #expect(failure == .unavailable(.rateLimited))
            #expect(scene.simulator.calls == [.upload: 4, .submit: 4])

            _ = try await scene.handIn(with: scene.engine)
            scene.simulator.fail(.submit, .tooManyRequests(), times: 1)
            guard case .waiting(nil, _) = try await scene.engine.recognize(.seconds(1), ticket: nil) else {
                Issue.record("it should wait again")
                return
            }
        }
    }

    @Test func `a 429 long after another one begins a new row`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.upload, .tooManyRequests())
            for _ in 0..<3 {
                guard case .waiting(nil, _) = try await scene.engine.recognize(.seconds(1), ticket: nil) else {
                    Issue.record("it should wait")
                    return
                }
                scene.clock.advance(.seconds(3_600))
            }
        }
    }

    @Test func `the check takes one call, costs nothing, and tells a right key from a wrong one`() async throws {
        try await AssemblyAIScene.run { scene in
            try await scene.engine.check()
            #expect(scene.simulator.calls == [.poll: 1])
            scene.simulator.fail(.poll, .answer(status: 503), times: 1)
            await #expect(throws: EngineError.unavailable(.serverError)) { try await scene.engine.check() }
        }
        try await AssemblyAIScene.run(key: "Bearer simulated-key") { scene in
            let failure = await #expect(throws: EngineError.self) { try await scene.engine.check() }
            guard case .misconfigured = failure else {
                Issue.record("it should be the operator's to mend")
                return
            }
        }
    }
}
