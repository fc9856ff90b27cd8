import Pipeline
import TestSupport
import Testing

/// Small files of every format with bytes changed: each ends in an answer or a reason, never in anything else.
@Suite struct FuzzTests {
    @Test(arguments: Format.allCases)
    func `mutated files end in samples or in a reason`(format: Format) async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 0.5)), to: "source.wav")
        try await scene.ffmpeg("-i", "source.wav", "whole.\(format)")
        let whole = try scene.read("whole.\(format)")
        var dice = SeededGenerator(seed: UInt64(format.rawValue.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        for round in 0..<12 {
            let file = try scene.write(mutate(whole, round: round, &dice), to: "mutant")
            let reason = await MediaScene.reason {
                if round % 2 == 0 {
                    let probe = try await scene.tool.probe(path: file)
                    #expect(probe.channels > 0 && probe.sampleRate > 0)
                } else {
                    let decoded = try await scene.decode(file, maxSamples: 160_000)
                    #expect(decoded.samples.count == Int(decoded.audio.samples))
                    #expect(decoded.audio.samples <= 160_000)
                }
            }
            #expect(reason != .durationExceedsLimit)
        }
    }

    /// Changes few or many bytes, near the front more often than not, and cuts or repeats some files.
    private func mutate(_ whole: [UInt8], round: Int, _ dice: inout SeededGenerator) -> [UInt8] {
        var bytes = whole
        let reach = [64, 512, bytes.count][round % 3]
        for _ in 0..<[1, 8, 64, 400][round % 4] {
            bytes[Int.random(in: 0..<min(reach, bytes.count), using: &dice)] = .random(in: .min ... .max, using: &dice)
        }
        if round % 5 == 4 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &dice)) }
        if round % 6 == 5 { bytes += whole }
        return bytes
    }
}
