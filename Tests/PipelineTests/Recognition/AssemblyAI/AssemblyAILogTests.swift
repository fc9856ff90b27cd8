import AssemblyAISimulator
import Logging
import Pipeline
import TestSupport
import Testing

/// What an operator reads of AssemblyAI's faults.
@Suite struct AssemblyAILogTests {
    @Test func `faults are logged with their reason, but without words, keys or URLs`() async throws {
        let log = CapturedLog()
        var settings = SimulatorSettings()
        settings.words = { _ in [SimulatedWord("confidential", start: 0, end: 500)] }
        try await AssemblyAIScene.run(settings: settings, log: log) { scene in
            scene.simulator.fail(.upload, .answer(status: 503, body: "<html>secret page</html>"), times: 1)
            scene.simulator.failTranscripts("Download error for simulated-key at https://cdn.example/a?sig=1", times: 1)
            scene.simulator.fail(.poll, .answer(status: 500), times: 1)
            let recognition = try await scene.finish()
            #expect(recognition.segments.map(\.text) == ["confidential"])
            for part in ["server_error", "Download error for [key] at [URL]", scene.simulator.transcripts[0].id] {
                #expect(log.text.contains(part))
            }
            for part in ["confidential", "simulated-key", "cdn.example", "secret page", "/v2/"] {
                #expect(!log.text.contains(part))
            }
        }
    }
}
