import AssemblyAISimulator
import Pipeline
import TestSupport
import Testing

/// A caller who does not wait any more in the middle of a hand-in: its job was cancelled, or its worker is being stopped.
@Suite struct AssemblyAICancellationTests {
    /// Hands a chunk in and is cancelled as soon as the call has come to the simulator.
    private static func cancelled(
        during route: SimulatorRoute, _ scene: AssemblyAIScene
    ) async throws -> Result<EngineStep, any Error> {
        let handIn = Task { [engine = scene.engine] in try await engine.recognize(.seconds(3), ticket: nil) }
        try await eventually("the call comes") { scene.simulator.calls[route] == 1 }
        handIn.cancel()
        return await handIn.result
    }

    @Test func `during the upload nothing is handed in, and nothing costs`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.upload, .trickle(milliseconds: 20))
            let result = try await Self.cancelled(during: .upload, scene)
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(scene.simulator.calls == [.upload: 1])
            #expect(scene.simulator.transcripts.isEmpty)
        }
    }

    @Test func `during the submission its ticket comes back, so that the copy can be deleted`() async throws {
        // However busy the machine is: a submission that takes too long is another matter.
        var limits = AssemblyAILimits()
        limits.answer = .seconds(100)
        try await AssemblyAIScene.run(limits: limits) { scene in
            scene.simulator.fail(.submit, .trickle(milliseconds: 3))
            guard case .waiting(let ticket?, _) = try await Self.cancelled(during: .submit, scene).get() else {
                Issue.record("there is a ticket")
                return
            }
            #expect(scene.simulator.transcripts.map(\.id) == [ticket.id])
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
            try await scene.engine.forget(ticket)
            #expect(scene.simulator.transcripts.filter { !$0.isDeleted }.isEmpty)
            #expect(scene.simulator.uploads == 0)
        }
    }

    @Test func `a submission that fails is not made again for who does not wait any more`() async throws {
        // Long enough to be cancelled within, however busy the machine is; short enough to wait for.
        var limits = AssemblyAILimits()
        limits.answer = .seconds(12)
        try await AssemblyAIScene.run(limits: limits) { scene in
            scene.simulator.fail(.submit, .hang, times: 1)
            let result = try await Self.cancelled(during: .submit, scene)
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(scene.simulator.calls == [.upload: 1, .submit: 1])
            #expect(scene.simulator.transcripts.isEmpty)
        }
    }
}
