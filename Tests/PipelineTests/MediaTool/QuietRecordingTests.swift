import Pipeline
import TestSupport
import Testing

/// Quiet sources are heard, and containers with much beside the sound give it out.
@Suite struct QuietRecordingTests {
    private static func peak(_ samples: some Sequence<Int16>) -> Int { samples.reduce(0) { max($0, abs(Int($1))) } }

    @Test(arguments: ["pcm_f32le", "pcm_s24le", "pcm_s16le", "flac"])
    func `a voice whose peaks lie at -66 dBFS is heard, and made loud enough`(codec: String) async throws {
        let scene = try MediaScene()
        let voice = Signal.sweep(seconds: 5)
        try scene.write(Signal.wav(voice), to: "source.wav")
        let name = codec == "flac" ? "quiet.flac" : "quiet.wav"
        let file = try await scene.ffmpeg("-i", "source.wav", "-af", "volume=-56.5dB", "-c:a", codec, name)
        #expect(try await !scene.tool.probe(path: file).isSilent)
        let decoded = try await scene.decode(file)
        #expect(!decoded.audio.isSilent)
        #expect((2_000...5_000).contains(Self.peak(decoded.samples)))
        #expect(Signal.likeness(voice, decoded.samples) > (codec.hasSuffix("16le") || codec == "flac" ? 0.9 : 0.99))
    }

    @Test func `what is loud is left as it is, also behind a quiet beginning or a silent one`() async throws {
        let scene = try MediaScene()
        let (loud, quiet) = (Signal.sweep(seconds: 5), Signal.sweep(seconds: 40).map { $0 / 500 })
        let silence = [Int16](repeating: 0, count: 16_000 * 90)
        for (name, start) in [("plain", []), ("silent", silence), ("quiet", quiet + quiet)] as [(String, [Int16])] {
            let decoded = try await scene.decode(try scene.write(Signal.wav(start + loud + loud), to: "\(name).wav"))
            #expect(decoded.samples.count == start.count + 2 * loud.count, "\(name)")
            #expect(decoded.samples.suffix(loud.count).elementsEqual(loud), "\(name)")
        }
    }

    @Test func `a door that slams does not leave the voice after it inaudible`() async throws {
        let scene = try MediaScene()
        var samples = Signal.sweep(seconds: 30).map { $0 / 500 }
        for index in 400..<800 { samples[index] = index % 2 == 0 ? 20_000 : -20_000 }
        let decoded = try await scene.decode(try scene.write(Signal.wav(samples), to: "door.wav"))
        #expect(Self.peak(decoded.samples.dropFirst(32_000)) > 2_000)
    }

    @Test func `no number in a floating-point file does harm`() async throws {
        let scene = try MediaScene()
        let values: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 0.5, 3,
        ]
        let floats = (0..<64_000).map { values[$0 * 7 % 11 % 8] }
        var header = WAVFile.header(dataBytes: floats.count * 4, channels: 2)
        header[20] = 3
        header[28...31] = ArraySlice(Signal.little(16_000 * 8, 4))
        header[32] = 8
        header[34] = 32
        let file = try scene.write(header + floats.flatMap { Signal.little($0.bitPattern, 4) }, to: "wild.wav")
        for layout in [ChannelLayout.mono, .stereo] {
            let decoded = try await scene.decode(file, layout: layout)
            #expect(decoded.audio.samples == 32_000 && !decoded.audio.isSilent)
        }
        #expect(try await !scene.tool.probe(path: file).isSilent)
    }

    @Test
    func `sound behind a hundred other streams is heard, and of a thousand tracks it is said that they are too many`()
        async throws
    {
        let scene = try MediaScene()
        var many = Matroska(tracks: 100)
        let packet = Matroska.packet(Signal.sweep(seconds: 1))
        for second in 0..<5 { many.add(packet, at: second * 1000, track: 90) }
        let file = try scene.write(many.bytes, to: "many.mkv")
        #expect(try await scene.decode(file).audio.tracks == 100)
        var tooMany = Matroska(tracks: 1100)
        tooMany.add(packet, at: 0)
        #expect(await scene.refusal(of: try scene.write(tooMany.bytes, to: "absurd.mkv")) == .unsupportedFormat)
    }

    @Test func `subtitles, pictures and fonts beside the sound do not hide it`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 3)), to: "source.wav")
        try scene.write("1\n00:00:00,000 --> 00:00:02,000\nWords\n".utf8, to: "words.srt")
        try await scene.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1", "cover.png")
        var arguments = ["-i", "words.srt", "-i", "source.wav"]
        for _ in 0..<80 { arguments += ["-map", "0"] }
        arguments += ["-map", "1", "-attach", "cover.png", "-metadata:s:t", "mimetype=image/png", "full.mkv"]
        let full = try await scene.ffmpeg(arguments)
        #expect(abs(try await scene.decode(full).audio.durationMilliseconds - 3000) < 100)
        let cover = try await scene.ffmpeg(
            [
                "-i", "source.wav", "-i", "cover.png", "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v",
                "attached_pic", "cover.m4a",
            ])
        #expect(abs(try await scene.decode(cover).audio.durationMilliseconds - 3000) < 100)
    }
}
