import Pipeline
import Testing

/// The contract's thirteen containers, as ffmpeg writes them.
enum Format: String, CaseIterable, Sendable {
    case mp3, wav, m4a, aac, ogg, opus, flac, webm, mp4, mov, mkv, avi, wmv

    static let withVideo: [Format] = [.webm, .mp4, .mov, .mkv, .avi, .wmv]

    /// Quick encoders for the picture.
    var videoCodec: String {
        switch self {
        case .webm: "libvpx"
        case .wmv: "wmv2"
        default: "mpeg4"
        }
    }
}

@Suite struct FormatTests {
    static let seconds = 2.5

    @Test(arguments: Format.allCases)
    func `every container is told by its content, measured, and heard`(format: Format) async throws {
        let scene = try MediaScene()
        let source = Signal.sweep(seconds: Self.seconds)
        try scene.write(Signal.wav(source), to: "source.wav")
        try await scene.ffmpeg("-i", "source.wav", "-ar", "48000", "made.\(format)")
        // A name that lies.
        let file = try scene.write(try scene.read("made.\(format)"), to: "notes.txt")
        try await expect(format, file, source, in: scene)
    }

    @Test(arguments: Format.withVideo)
    func `of a video only the sound is heard`(format: Format) async throws {
        let scene = try MediaScene()
        let source = Signal.sweep(seconds: Self.seconds)
        try scene.write(Signal.wav(source), to: "source.wav")
        let file = try await scene.ffmpeg(
            "-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=\(Self.seconds)", "-i", "source.wav", "-c:v",
            format.videoCodec, "made.\(format)")
        try await expect(format, file, source, in: scene)
    }

    @Test
    func
        `stereo keeps left and right apart, mono is the average of what holds something, and mono in stereo stands twice`()
        async throws
    {
        let scene = try MediaScene()
        let left = Signal.sweep(seconds: 1)
        let file = try scene.write(Signal.wav(left.flatMap { [$0, 0] }, channels: 2), to: "stereo.wav")
        let stereo = try await scene.decode(file, layout: .stereo)
        #expect(stereo.audio.sourceChannels == 2)
        #expect(stereo.audio.samples == Int64(left.count))
        #expect(stereo.samples == left.flatMap { [$0, 0] })
        #expect(try await scene.decode(file).samples == left)
        let right = Signal.sweep(seconds: 1, from: 3000, to: 900)
        let both = try scene.write(Signal.wav(zip(left, right).flatMap { [$0, $1] }, channels: 2), to: "both.wav")
        let average = zip(left, right).map { (Int($0) + Int($1)) / 2 }
        #expect(zip(try await scene.decode(both).samples, average).allSatisfy { abs(Int($0) - $1) <= 1 })

        let single = try scene.write(Signal.wav(left), to: "mono.wav")
        #expect(try await scene.decode(single, layout: .stereo).samples == left.flatMap { [$0, $0] })
    }

    @Test func `of six channels those that hold nothing take nothing from the others`() async throws {
        let scene = try MediaScene()
        let center = Signal.sweep(seconds: 1)
        let file = try scene.write(Signal.wav(center.flatMap { [0, 0, $0, 0, 0, 0] }, channels: 6), to: "six.wav")
        let decoded = try await scene.decode(file)
        #expect(decoded.audio.sourceChannels == 6)
        #expect(decoded.samples == center)
        // In stereo too, a room is one signal.
        #expect(try await scene.decode(file, layout: .stereo).samples == center.flatMap { [$0, $0] })
    }

    private func expect(_ format: Format, _ file: String, _ source: [Int16], in scene: MediaScene) async throws {
        let probe = try await scene.tool.probe(path: file)
        #expect(probe.container == format.rawValue)
        #expect(probe.isComplete && !probe.isSilent)
        #expect(probe.damagedFrames == 0)
        let decoded = try await scene.decode(file)
        let milliseconds = Int64(Self.seconds * 1000)
        #expect(abs(decoded.audio.durationMilliseconds - milliseconds) <= 100)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - decoded.audio.durationMilliseconds) <= 2)
        #expect(decoded.samples.count == Int(decoded.audio.samples))
        #expect(!decoded.audio.isSilent && !decoded.audio.isLimitReached)
        #expect(Signal.likeness(source, decoded.samples) > 0.9)
    }
}
