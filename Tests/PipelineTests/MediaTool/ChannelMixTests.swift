import Pipeline
import TestSupport
import Testing

/// No downmix loses speech that a channel has, and of several tracks one is heard that holds something.
@Suite struct ChannelMixTests {
    private static let voice = Signal.sweep(seconds: 4)

    private static func loudness(_ samples: some Collection<Int16>) -> Double {
        (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, samples.count))).squareRoot()
    }

    /// Left and right, by the voice's sample and its number.
    private static func decoded(
        _ layout: ChannelLayout = .mono, _ channels: (Double, Int) -> [Double]
    ) async throws -> (audio: DecodedAudio, samples: [Int16]) {
        let scene = try MediaScene()
        let frames = voice.enumerated().map { channels(Double($1), $0) }
        let samples = frames.flatMap { $0.map { Int16(max(-32_768, min(32_767, $0))) } }
        let file = try scene.write(Signal.wav(samples, channels: frames[0].count), to: "made.wav")
        return try await scene.decode(file, layout: layout)
    }

    @Test func `a side that is reversed is turned round, in mono and in stereo`() async throws {
        let mono = try await Self.decoded { sample, _ in [sample, -sample] }
        #expect(!mono.audio.isSilent && mono.audio.turnedSamples == mono.audio.samples)
        #expect(mono.samples == Self.voice)
        let stereo = try await Self.decoded(.stereo) { sample, _ in [sample, -sample] }
        #expect(stereo.samples == Self.voice.flatMap { [$0, $0] })
        let plain = try await Self.decoded(.stereo) { sample, _ in [sample, sample] }
        #expect(plain.audio.turnedSamples == 0 && plain.samples == stereo.samples)
    }

    @Test(arguments: ["mp3", "ogg", "opus", "m4a", "wmv"])
    func `a lossy codec's reversed side is turned round`(format: String) async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Self.voice.flatMap { [$0, -$0] }, channels: 2), to: "source.wav")
        let file = try await scene.ffmpeg("-i", "source.wav", "-ar", "48000", "-b:a", "64k", "made.\(format)")
        let decoded = try await scene.decode(file)
        #expect(
            Signal.likeness(Self.voice, decoded.samples) > 0.9
                || Signal.likeness(Self.voice.map { -$0 }, decoded.samples) > 0.9)
        #expect(Self.loudness(decoded.samples) > 0.7 * Self.loudness(Self.voice))
    }

    @Test
    func `a reversed side with hiss, at another level, a little late, or under hum that both have, loses nothing`()
        async throws
    {
        var dice = SeededGenerator(seed: 4)
        let least = 0.4 * Self.loudness(Self.voice)
        let hiss = try await Self.decoded { sample, _ in [sample, -sample + .random(in: -900...900, using: &dice)] }
        #expect(Self.loudness(hiss.samples) > least)
        let level = try await Self.decoded { sample, _ in [sample, -0.6 * sample] }
        #expect(Self.loudness(level.samples) > least)
        let late = try await Self.decoded { sample, number in
            [sample, number < 2 ? 0 : -Double(Self.voice[number - 2])]
        }
        #expect(Self.loudness(late.samples) > least)
        // Ten times as strong as the voice, and gone when its side is turned round: what is steady is no speech.
        let hum = try await Self.decoded { sample, number in
            let hum = number % 320 < 160 ? 9_000.0 : -9_000
            return [sample * 0.4 + hum, -sample * 0.4 + hum]
        }
        #expect(
            Signal.likeness(Self.voice, hum.samples) > 0.9 || Signal.likeness(Self.voice.map { -$0 }, hum.samples) > 0.9
        )
    }

    @Test func `a voice in the middle of music that is opposed on the sides is kept, as loud as the music`()
        async throws
    {
        let music = Signal.sweep(seconds: 4, from: 2900, to: 700)
        let film = try await Self.decoded { sample, number in
            [sample / 2 + Double(music[number]) / 2, sample / 2 - Double(music[number]) / 2]
        }
        #expect(film.audio.turnedSamples == 0)
        #expect(Signal.likeness(Self.voice, film.samples) > 0.99)
    }

    @Test func `a side that is reversed in a part of the source is turned round there`() async throws {
        let decoded = try await Self.decoded { sample, number in [sample, 32_000..<48_000 ~= number ? -sample : sample]
        }
        #expect(decoded.audio.turnedSamples == 16_000)
        for second in 0..<4 {
            let part = second * 16_000 + 400..<(second + 1) * 16_000
            #expect(
                zip(decoded.samples[part], Self.voice[part]).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(second)")
        }
    }

    @Test
    func
        `a voice in one of many channels is not divided by those that are dead, nor drowned by those that only make noise`()
        async throws
    {
        for live in [0, 2, 7] {
            let surround = try await Self.decoded { sample, _ in (0..<8).map { $0 == live ? sample / 50 : 0 } }
            #expect(Self.loudness(surround.samples) > Self.loudness(Self.voice) / 60, "\(live)")
        }
        var dice = SeededGenerator(seed: 5)
        let noisy = try await Self.decoded { sample, _ in [sample * 0.3, .random(in: -9_000...9_000, using: &dice)] }
        #expect(Signal.likeness(Self.voice, noisy.samples) > 0.9)
        let reversed = try await Self.decoded { sample, _ in [sample, -sample, sample, -sample, 0, 0] }
        #expect(Self.loudness(reversed.samples) > 0.9 * Self.loudness(Self.voice))
    }

    @Test(arguments: [0, 40])
    func `a short word on a side that was quiet for long is in the mix`(noise: Int) async throws {
        let scene = try MediaScene()
        var dice = SeededGenerator(seed: 6)
        let (caller, word) = (Signal.sweep(seconds: 15), Signal.sweep(seconds: 1))
        // Half a second in which the caller waits for the answer.
        let pause = 200_000..<208_000
        let frames = caller.indices.flatMap { index -> [Int16] in
            let isPause = pause.contains(index)
            let hiss = Int16.random(in: -Int16(noise)...Int16(noise), using: &dice)
            return [isPause ? 0 : caller[index], isPause ? word[index - pause.lowerBound] : hiss]
        }
        let file = try scene.write(Signal.wav(frames, channels: 2), to: "call.wav")
        let decoded = try await scene.decode(file, layout: .mono)
        #expect(Signal.likeness(Array(word.prefix(pause.count)), Array(decoded.samples[pause])) > 0.9)
        // While only the caller speaks, the other side's noise is not added.
        #expect(Array(decoded.samples[..<190_000]) == Array(caller[..<190_000]))
    }

    @Test func `two voices stay on their sides`() async throws {
        let other = Signal.sweep(seconds: 4, from: 2900, to: 700)
        let decoded = try await Self.decoded(.stereo) { sample, number in [sample, Double(other[number])] }
        let right = stride(from: 1, to: decoded.samples.count, by: 2).map { decoded.samples[$0] }
        #expect(stride(from: 0, to: decoded.samples.count, by: 2).map { decoded.samples[$0] } == Self.voice)
        #expect(abs(Self.loudness(right) - Self.loudness(other)) < 100)
    }

    @Test func `of two tracks the silent one is left alone, and it is said which was heard`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Self.voice), to: "voice.wav")
        try scene.write(Signal.wav(Self.voice.map { $0 / 4000 }), to: "still.wav")
        for format in ["mkv", "mp4", "mov"] {
            let second = try await scene.ffmpeg(
                "-i", "still.wav", "-i", "voice.wav", "-map", "0", "-map", "1", "second.\(format)")
            let decoded = try await scene.decode(second)
            #expect(decoded.audio.track == 2 && decoded.audio.tracks == 2, "\(format)")
            #expect(Signal.likeness(Self.voice, decoded.samples) > 0.9, "\(format)")
            let probe = try await scene.tool.probe(path: second)
            #expect(probe.track == 2 && probe.tracks == 2 && !probe.isSilent, "\(format)")
            let first = try await scene.ffmpeg(
                "-i", "voice.wav", "-i", "voice.wav", "-map", "0", "-map", "1", "first.\(format)")
            #expect(try await scene.decode(first).audio.track == 1, "\(format)")
        }
    }
}
