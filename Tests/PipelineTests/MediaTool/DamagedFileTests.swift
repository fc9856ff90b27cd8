import Pipeline
import Testing

/// Files of ours that are cut, patched, joined, or say what is not true.
@Suite struct DamagedFileTests {
    private func source(_ scene: MediaScene, seconds: Double = 3) throws -> [Int16] {
        let samples = Signal.sweep(seconds: seconds)
        try scene.write(Signal.wav(samples), to: "source.wav")
        return samples
    }

    @Test func `a cut MP3 is as long as what is left of it`() async throws {
        let scene = try MediaScene()
        _ = try source(scene)
        try await scene.ffmpeg("-i", "source.wav", "whole.mp3")
        let bytes = try scene.read("whole.mp3")
        let file = try scene.write(bytes.prefix(bytes.count / 2), to: "cut.mp3")
        let probe = try await scene.tool.probe(path: file)
        #expect((probe.claimedDurationMilliseconds ?? 0) > 2900)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - 1500) < 200)
        #expect(abs(try await scene.decode(file).audio.durationMilliseconds - 1500) < 200)
    }

    @Test func `a cut MP4 without its index cannot be decoded`() async throws {
        let scene = try MediaScene()
        _ = try source(scene)
        try await scene.ffmpeg("-i", "source.wav", "whole.mp4")
        let bytes = try scene.read("whole.mp4")
        let file = try scene.write(bytes.prefix(bytes.count / 2), to: "cut.mp4")
        #expect(await scene.refusal(of: file) == .decodeFailed)
        #expect(await MediaScene.reason { _ = try await scene.decode(file) } == .decodeFailed)
    }

    @Test(arguments: [Format.flac, .ogg, .opus, .webm, .mkv, .avi, .wmv, .m4a, .mov])
    func `a header with nothing behind it cannot be decoded`(format: Format) async throws {
        let scene = try MediaScene()
        _ = try source(scene)
        try await scene.ffmpeg("-i", "source.wav", "whole.\(format)")
        let file = try scene.write(try scene.read("whole.\(format)").prefix(60), to: "head.\(format)")
        #expect(await scene.refusal(of: file) == .decodeFailed)
    }

    @Test func `damaged frames are left out and counted, and their time is kept`() async throws {
        let scene = try MediaScene()
        let samples = try source(scene, seconds: 4)
        // In clusters of a quarter of a second: the reader goes on with the next after damage.
        try await scene.ffmpeg(
            "-i", "source.wav", "-c:a", "libmp3lame", "-b:a", "64k", "-cluster_time_limit", "250", "whole.mkv")
        var bytes = try scene.read("whole.mkv")
        for index in (bytes.count / 2)..<(bytes.count / 2 + bytes.count / 10) { bytes[index] = 0x55 }
        let decoded = try await scene.decode(try scene.write(bytes, to: "hurt.mkv"))
        #expect(abs(decoded.audio.durationMilliseconds - 4000) <= 100)
        let tail = Signal.likeness(Array(samples.suffix(16_000)), Array(decoded.samples.suffix(16_000)))
        #expect(tail > 0.8)
    }

    @Test func `a header that claims hours does not make them`() async throws {
        let scene = try MediaScene()
        let samples = Signal.sweep(seconds: 2)
        let file = try scene.write(Signal.wav(samples, claimedBytes: 2_000_000_000), to: "boast.wav")
        let probe = try await scene.tool.probe(path: file)
        #expect(probe.isComplete)
        #expect(probe.bestDurationMilliseconds == 2000)
        #expect(try await scene.decode(file).audio.samples == Int64(samples.count))
    }

    @Test func `joined files are measured, whatever the first header says`() async throws {
        let scene = try MediaScene()
        _ = try source(scene)
        try await scene.ffmpeg("-i", "source.wav", "one.flac")
        let one = try scene.read("one.flac")
        let file = try scene.write(one + one + one, to: "three.flac")
        let probe = try await scene.tool.probe(path: file)
        #expect(probe.claimedDurationMilliseconds == 3000)
        #expect(probe.bestDurationMilliseconds == 9000)
        #expect(try await scene.decode(file).audio.durationMilliseconds == 9000)
        // Cut short at its limit, the probe says that there is more, and about how much.
        let hasty = try await scene.tool.probe(path: file, decodeUpTo: 5)
        #expect(!hasty.isComplete && !hasty.isSilent)
        #expect(abs((hasty.bestDurationMilliseconds ?? 0) - 9000) < 2500)
    }

    @Test func `of a file beyond the limit only the head is decoded`() async throws {
        let scene = try MediaScene()
        let file = try scene.write(Signal.wav([Int16](repeating: 0, count: 16_000 * 120)), to: "long.wav")
        let probe = try await scene.tool.probe(path: file, decodeUpTo: 60)
        #expect(!probe.isComplete && !probe.isSilent)
        #expect(probe.bestDurationMilliseconds == 120_000)
        #expect((probe.decodedDurationMilliseconds ?? 0) <= 31_000)
    }

    @Test func `decoding stops at the limit`() async throws {
        let scene = try MediaScene()
        let samples = try source(scene)
        let cut = try await scene.decode(scene.path("source.wav"), maxSamples: 10_000)
        #expect(cut.audio.isLimitReached && cut.audio.samples == 10_000)
        #expect(cut.samples == Array(samples.prefix(10_000)))
        let exact = try await scene.decode(scene.path("source.wav"), maxSamples: Int64(samples.count))
        #expect(!exact.audio.isLimitReached && exact.audio.samples == Int64(samples.count))
    }
}
