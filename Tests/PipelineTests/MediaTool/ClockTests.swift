import Pipeline
import TestSupport
import Testing

/// Which of a source's time stamps are believed: `docs/decisions/0019`.
@Suite struct ClockTests {
    /// Ten seconds of sound, in packets of a tenth, of which each is stamped as `stamp` says.
    private static func decoded(milliseconds: Double? = nil, _ stamp: (Int) -> Int) async throws
        -> (probe: MediaProbe, audio: DecodedAudio, samples: [Int16])
    {
        let scene = try MediaScene()
        let file = try scene.write(
            Matroska.of(Signal.sweep(seconds: 10), milliseconds: milliseconds, stamp: stamp), to: "made.mkv")
        let decoded = try await scene.decode(file)
        return (try await scene.tool.probe(path: file), decoded.audio, decoded.samples)
    }

    /// The same without keeping hours of samples.
    private static func measured(milliseconds: Double? = nil, _ stamp: (Int) -> Int) async throws
        -> (probe: MediaProbe, audio: DecodedAudio)
    {
        let scene = try MediaScene()
        let file = try scene.write(
            Matroska.of(Signal.sweep(seconds: 10), milliseconds: milliseconds, stamp: stamp), to: "made.mkv")
        let audio = try await scene.tool.decode(path: file, layout: .mono, maxSamples: 1 << 30) { _ in }
        return (try await scene.tool.probe(path: file), audio)
    }

    @Test(arguments: [nil, 16_000] as [Double?])
    func `a track that is muted for two minutes goes on when it did, whatever length is stated`(stated: Double?)
        async throws
    {
        let made = try await Self.decoded(milliseconds: stated) { $0 * 100 + ($0 >= 50 ? 120_000 : 0) }
        #expect(abs(made.audio.durationMilliseconds - 130_000) <= 10)
        #expect(abs((made.probe.bestDurationMilliseconds ?? 0) - 130_000) <= 10)
        #expect(Signal.isHeard(made.samples, from: 4.5, to: 5))
        #expect(!Signal.isHeard(made.samples, from: 5.1, to: 124.9))
        #expect(Signal.isHeard(made.samples, from: 125.1, to: 129))
        #expect(abs(made.audio.pausedSamples - 1_920_000) <= 160)
    }

    @Test func `what ffmpeg writes live, with a muted stretch, keeps its times`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 6)), to: "source.wav")
        for codec in ["libopus", "pcm_s16le"] {
            let file = try await scene.ffmpeg(
                "-i", "source.wav", "-c:a", codec, "-bsf:a", "setts=ts=TS+gt(TS\\,3000)*120000", "-f", "matroska",
                "-live", "1", "\(codec).mkv")
            let decoded = try await scene.decode(file)
            #expect(abs(decoded.audio.durationMilliseconds - 126_000) <= 100, "\(codec)")
            #expect(Signal.isHeard(decoded.samples, from: 123.5, to: 125), "\(codec)")
        }
    }

    @Test func `short turns between long silences each stand where they were said`() async throws {
        let made = try await Self.decoded { $0 * 100 + $0 / 5 * 60_000 }
        #expect(abs(made.audio.durationMilliseconds - (10_000 + 19 * 60_000)) <= 20)
        for turn in 0..<20 {
            let start = Double(turn) * 60.5
            #expect(Signal.isHeard(made.samples, from: start, to: start + 0.5), "\(turn)")
            #expect(turn == 19 || !Signal.isHeard(made.samples, from: start + 0.6, to: start + 60), "\(turn)")
        }
    }

    @Test(
        arguments: [
            // One stamp, or half a second of them, is far off.
            { $0 * 100 + ($0 == 30 ? 500_000 : 0) }, { $0 * 100 + (30..<35 ~= $0 ? 500_000 : 0) },
            { $0 == 30 ? 500 : $0 * 100 }, { $0 * 100 + ($0 == 99 ? 500_000 : 0) },
            // The clock starts afresh, as in files joined end to end.
            { $0 % 50 * 100 },
            // It jumps for good, by ten hours or where a clock of 32 or 33 bits wraps round.
            { $0 * 100 + ($0 >= 50 ? 36_000_000 : 0) }, { $0 * 100 + ($0 >= 50 ? 47_721_858 : 0) },
            { $0 * 100 + ($0 >= 50 ? 95_443_717 : 0) }, { $0 * 100 + ($0 >= 50 ? 89_478_485 : 0) },
            { $0 * 100 + ($0 < 50 ? 95_443_717 : 0) },
            // It does not begin at zero.
            { $0 * 100 + 18_000_000 }, { $0 * 100 + 1_700_000_000_000 },
        ] as [@Sendable (Int) -> Int])
    func `a clock that cannot be right adds nothing and takes nothing away`(stamp: @Sendable (Int) -> Int) async throws
    {
        let made = try await Self.decoded(stamp)
        #expect(made.audio.samples == 160_000)
        #expect(made.audio.pausedSamples == 0)
        #expect(
            Signal.likeness(Array(Signal.sweep(seconds: 10)[80_000..<112_000]), Array(made.samples[80_000..<112_000]))
                > 0.9)
    }

    @Test func `a pause after the clock began anew is kept`() async throws {
        let made = try await Self.decoded { $0 % 50 * 100 + ($0 >= 75 ? 3_000 : 0) }
        #expect(abs(made.audio.durationMilliseconds - 13_000) <= 10)
    }

    @Test func `pauses that nobody states make four hours at most, and those that are stated what a plan takes`()
        async throws
    {
        let hour = 3_600_000
        let five = try await Self.measured { $0 * 100 + $0 / 20 * hour }
        #expect(abs(five.audio.durationMilliseconds - Int64(4 * hour + 10_000)) <= 20)
        let stated = try await Self.measured(milliseconds: Double(5 * hour + 10_000)) {
            $0 * 100 + ($0 >= 50 ? 5 * hour : 0)
        }
        #expect(abs(stated.audio.durationMilliseconds - Int64(5 * hour + 10_000)) <= 20)
        #expect(abs((stated.probe.bestDurationMilliseconds ?? 0) - Int64(5 * hour + 10_000)) <= 4_000)
        let absurd = try await Self.measured(milliseconds: Double(30 * hour)) { $0 * 100 + ($0 >= 50 ? 29 * hour : 0) }
        #expect(absurd.audio.samples == 160_000)
        #expect(absurd.probe.bestDurationMilliseconds == 10_000)
    }

    @Test func `any time stamps end in samples, and never in more than are allowed`() async throws {
        let scene = try MediaScene()
        var dice = SeededGenerator(seed: 19)
        for round in 0..<20 {
            var clock = 0
            let bytes = Matroska.of(Signal.sweep(seconds: 4)) { _ in
                switch Int.random(in: 0..<6, using: &dice) {
                case 0: clock = Int.random(in: 0...(1 << 47), using: &dice)
                case 1: clock += Int.random(in: 0...20_000_000, using: &dice)
                case 2: clock = max(0, clock - Int.random(in: 0...20_000_000, using: &dice))
                default: clock += 100
                }
                return clock
            }
            let decoded = try await scene.decode(try scene.write(bytes, to: "dice.mkv"), maxSamples: 1_600_000)
            #expect(decoded.samples.count == Int(decoded.audio.samples), "\(round)")
            #expect((64_000...1_600_000).contains(decoded.audio.samples), "\(round)")
            _ = try await scene.tool.probe(path: scene.path("dice.mkv"))
        }
    }
}
