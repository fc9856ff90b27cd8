import Pipeline
import Testing

/// A word's time is its time in the source.
@Suite struct PauseTests {
    @Test(arguments: [Format.mp4, .mov, .mkv, .wmv])
    func `sound that starts late in a video is preceded by silence`(format: Format) async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 2)), to: "source.wav")
        let file = try await scene.ffmpeg(
            "-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=4", "-itsoffset", "1.5", "-i", "source.wav", "-c:v",
            format.videoCodec, "late.\(format)")
        let decoded = try await scene.decode(file)
        #expect(abs(decoded.audio.durationMilliseconds - 3500) <= 150)
        #expect(!Signal.isHeard(decoded.samples, from: 0, to: 1.4))
        #expect(Signal.isHeard(decoded.samples, from: 1.6, to: 1.8))
        let probe = try await scene.tool.probe(path: file)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - decoded.audio.durationMilliseconds) <= 2)
    }

    @Test func `a pause in the middle is kept`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 4)), to: "source.wav")
        let file = try await scene.ffmpeg(
            "-i", "source.wav", "-af", "aselect='not(between(t,1,3))'", "-c:a", "pcm_s16le", "pause.mkv")
        let decoded = try await scene.decode(file)
        #expect(abs(decoded.audio.durationMilliseconds - 4000) <= 100)
        #expect(Signal.isHeard(decoded.samples, from: 0.5, to: 0.9))
        #expect(!Signal.isHeard(decoded.samples, from: 1.2, to: 2.8))
        #expect(Signal.isHeard(decoded.samples, from: 3.2, to: 3.9))
    }

    @Test func `a false timestamp does not make hours`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 3)), to: "source.wav")
        // Every packet after the first second is stamped ten hours later, in a container that claims no such length.
        try await scene.ffmpeg(
            "-i", "source.wav", "-c:a", "libvorbis", "-bsf:a", "setts=ts=TS+gt(TS\\,16000)*576000000", "-live", "1",
            "far.mkv")
        let decoded = try await scene.decode(scene.path("far.mkv"))
        #expect(abs(decoded.audio.durationMilliseconds - 3000) <= 200)
    }
}
