import AssemblyAISimulator
import Egress
import Pipeline
import TestSupport
import Testing

/// What may go wrong while a chunk is handed in, what comes of it, and how many calls it takes.
@Suite struct AssemblyAIHandInFaultTests {
    struct Passing: Sendable, CustomTestStringConvertible {
        let name: String
        let fault: SimulatorFault
        let reason: FallbackReason

        var testDescription: String { name }

        /// Patient, but for the faults that last until patience ends.
        ///
        /// - Parameter others: calls that are answered at once have to be in that time too, however busy the machine is.
        func limits(others: Bool) -> AssemblyAILimits {
            var limits = AssemblyAILimits()
            limits.responseBytes = 1 << 20
            switch fault {
            case .hang, .trickle: limits.answer = others ? .seconds(12) : .seconds(4)
            default: break
            }
            return limits
        }
    }

    static let passing = [
        Passing(name: "500", fault: .answer(status: 500, body: #"{"error":"Internal"}"#), reason: .serverError),
        Passing(
            name: "502, a page", fault: .answer(status: 502, body: "<html>Bad gateway</html>"), reason: .serverError),
        Passing(name: "503, empty", fault: .answer(status: 503), reason: .serverError),
        Passing(name: "504", fault: .answer(status: 504, body: "timeout"), reason: .serverError),
        Passing(name: "408", fault: .answer(status: 408), reason: .timeout),
        Passing(name: "200, a page", fault: .answer(status: 200, body: "<html></html>"), reason: .serverError),
        Passing(
            name: "200, another object", fault: .answer(status: 200, body: #"{"status":"queued"}"#),
            reason: .serverError),
        Passing(
            name: "200, an id that is none", fault: .answer(status: 200, body: #"{"id":"../key","status":"queued"}"#),
            reason: .serverError),
        Passing(name: "200, null", fault: .answer(status: 200, body: "null"), reason: .serverError),
        Passing(name: "200, empty", fault: .answer(status: 200), reason: .serverError),
        Passing(name: "reset", fault: .reset, reason: .networkError),
        Passing(name: "cut", fault: .truncated, reason: .networkError),
        Passing(name: "silence", fault: .hang, reason: .timeout),
        Passing(name: "trickle", fault: .trickle(milliseconds: 2_000), reason: .timeout),
        Passing(name: "flood", fault: .huge(bytes: 3 << 20), reason: .serverError),
    ]

    @Test(arguments: passing)
    func `an upload that fails in a way that may pass is tried three times, and nothing is handed in`(
        _ passing: Passing
    ) async throws {
        try await AssemblyAIScene.run(limits: passing.limits(others: false)) { scene in
            scene.simulator.fail(.upload, passing.fault)
            let failure = try await scene.failure()
            #expect(failure == .unavailable(passing.reason))
            #expect(scene.simulator.calls == [.upload: 3])
            #expect(scene.clock.sleeps.count == 2)
            #expect((.milliseconds(350)...Duration.milliseconds(650)).contains(scene.clock.sleeps[0]))
            #expect((.milliseconds(1_400)...Duration.milliseconds(2_600)).contains(scene.clock.sleeps[1]))
        }
    }

    @Test(arguments: passing)
    func `a hand-in that fails in a way that may pass is tried three times, after one upload`(
        _ passing: Passing
    ) async throws {
        try await AssemblyAIScene.run(limits: passing.limits(others: true)) { scene in
            scene.simulator.fail(.submit, passing.fault)
            let failure = try await scene.failure()
            #expect(failure == .unavailable(passing.reason))
            #expect(scene.simulator.calls == [.upload: 1, .submit: 3])
            #expect(scene.clock.sleeps.count == 2)
        }
    }

    @Test(arguments: passing)
    func `what passes in time is not noticed`(_ passing: Passing) async throws {
        try await AssemblyAIScene.run(limits: passing.limits(others: true)) { scene in
            scene.simulator.fail(.upload, passing.fault, times: 2)
            scene.simulator.fail(.submit, passing.fault, times: 1)
            let recognition = try await scene.finish()
            #expect(recognition.segments.flatMap(\.words).count == 6)
            #expect(scene.simulator.calls == [.upload: 3, .submit: 2, .poll: 2])
        }
    }

    @Test func `a server that is not there is no reason to wait long`() async throws {
        try await AssemblyAIScene.run { scene in
            let account = AssemblyAIAccount(url: "http://127.0.0.1:1", apiKey: "k")
            let client = EgressClient(logger: .quiet)
            let engine = AssemblyAIEngine(account: account, client: client, clock: scene.clock.clock, logger: .quiet)
            await #expect(throws: EngineError.unavailable(.networkError)) {
                _ = try await engine.recognize(.seconds(1), ticket: nil)
            }
            #expect(scene.clock.sleeps.count == 2)
            await client.close()
        }
    }

    @Test func `an upload has the time that its size takes at the slowest rate`() async throws {
        var limits = AssemblyAILimits()
        limits.answer = .seconds(3)
        limits.slowestUpload = 32_000
        // The answer's 70 bytes or more take over eight seconds: too long for half a second of audio, but not for a minute of it,
        // which may take a minute.
        try await AssemblyAIScene.run(limits: limits) { scene in
            scene.simulator.fail(.upload, .trickle(milliseconds: 120))
            scene.simulator.fail(.submit, .answer(status: 400))
            guard case .refused = try await scene.failure(.seconds(60)) else {
                Issue.record("the upload should succeed")
                return
            }
            #expect(scene.simulator.calls == [.upload: 1, .submit: 3])
            let failure = try await scene.failure(.seconds(0.5))
            #expect(failure == .unavailable(.timeout))
            #expect(scene.simulator.calls == [.upload: 4, .submit: 3])
        }
    }

    @Test func `a client that is being closed says nothing about AssemblyAI`() async throws {
        let client = EgressClient(logger: .quiet)
        await client.close()
        let engine = AssemblyAIEngine(
            account: AssemblyAIAccount(url: "http://127.0.0.1:1", apiKey: "k"), client: client, logger: .quiet)
        await #expect(throws: EgressError.closed) { _ = try await engine.recognize(.seconds(1), ticket: nil) }
    }
}
