import Pipeline
import SystemPackage
import TestSupport
import Testing

/// Containers that lie about how long they are, or hold what no recorder would write.
@Suite struct DurationClaimTests {
    private func noise(_ scene: MediaScene, minutes: Int, _ arguments: String..., to name: String) async throws
        -> String
    {
        try await scene.ffmpeg(["-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.1:d=\(minutes * 60)"] + arguments + [name])
    }

    @Test(arguments: ["mkv", "ogg", "wmv", "mp4"])
    func `a clock that begins at five hours makes fifteen minutes no longer`(format: String) async throws {
        let scene = try MediaScene()
        let file = try await noise(
            scene, minutes: 15, "-b:a", "24k", "-output_ts_offset", "18000", to: "late.\(format)")
        let probe = try await scene.tool.probe(path: file)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - 900_000) < 1000)
        #expect(!probe.isLonger(than: 1800))
        let audio = try await scene.tool.decode(path: file, layout: .mono, maxSamples: 1 << 30) { _ in }
        #expect(abs(audio.durationMilliseconds - 900_000) < 100)
    }

    @Test func `where a clock begins late and the length counts from there, it is the length`() async throws {
        let scene = try MediaScene()
        var file = Matroska(milliseconds: 1_200_000)
        let second = Matroska.packet(Signal.sweep(seconds: 1))
        for number in 0..<1200 { file.add(second, at: 700_000 + number * 1000) }
        let probe = try await scene.tool.probe(path: try scene.write(file.bytes, to: "linked.mkv"))
        #expect(!probe.isComplete)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - 1_200_000) < 1000)
    }

    @Test(arguments: [nil, 1_980_000] as [Double?])
    func `half an hour in one packet is as long as it is, to the probe too`(stated: Double?) async throws {
        let scene = try MediaScene()
        var file = Matroska(milliseconds: stated)
        file.add([UInt8](repeating: 20, count: 33 * 60 * 16_000 * 2), at: 0)
        let path = try scene.write(file.bytes, to: "one.mkv")
        let probe = try await scene.tool.probe(path: path)
        #expect(probe.bestDurationMilliseconds == 1_980_000)
        #expect(probe.isLonger(than: 1800))
        #expect(
            try await scene.tool.decode(path: path, layout: .mono, maxSamples: 1800 * 16_000) { _ in }.isLimitReached)
    }

    @Test func `sixty megabytes of slow sound in one packet are decoded in little memory`() async throws {
        let scene = try MediaScene()
        var file = Matroska(rate: 2000, bits: 8)
        file.add([UInt8](repeating: 100, count: 60 << 20), at: 0)
        let path = try scene.write(file.bytes, to: "slow.mkv")
        for layout in [ChannelLayout.mono, .stereo] {
            let audio = try await scene.tool.decode(path: path, layout: layout, maxSamples: 16_000 * 600) { _ in }
            #expect(audio.isLimitReached && audio.samples == 16_000 * 600)
        }
    }

    @Test func `what encoders add to the sound is not held against its length, and what is really longer is`()
        async throws
    {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 10)), to: "source.wav")
        for format in ["opus", "mp3", "m4a", "wmv", "ogg", "webm"] {
            let probe = try await scene.tool.probe(path: try await scene.ffmpeg("-i", "source.wav", "made.\(format)"))
            #expect(!probe.isLonger(than: 10), "\(format): \(probe.bestDurationMilliseconds ?? 0)")
            #expect(probe.isLonger(than: 9), "\(format)")
        }
        #expect(DurationLimit.milliseconds(of: 36_000_000) >= 36_000_007)
        #expect(DurationLimit.milliseconds(of: 36_000_000) < 36_001_000)
    }

    @Test(arguments: [0, 0x7FFF_F000, 0xFFFF_FFFF])
    func `a WAV whose header was never filled in is as long as its bytes`(claimed: Int) async throws {
        let scene = try MediaScene()
        let file = try scene.write(
            WAVFile.header(dataBytes: claimed) + [UInt8](repeating: 2, count: 32_000 * 700), to: "open.wav")
        let probe = try await scene.tool.probe(path: file)
        #expect(!probe.isComplete)
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - 700_000) < 1000)
        let audio = try await scene.tool.decode(path: file, layout: .mono, maxSamples: 1 << 30) { _ in }
        #expect(audio.samples == 16_000 * 700)
    }

    @Test func `a WAV of 64 bits that claims years is as long as its bytes`() async throws {
        let scene = try MediaScene()
        let years = Signal.little(1 << 40, 8)
        var head = Array("RF64".utf8) + Signal.little(-1, 4) + Array("WAVEds64".utf8)
        head += Signal.little(28, 4) + years + years + Signal.little(1 << 39, 8) + Signal.little(0, 4)
        head += WAVFile.header(dataBytes: 0xFFFF_FFFF)[12...] + [UInt8](repeating: 2, count: 32_000 * 700)
        let probe = try await scene.tool.probe(path: try scene.write(head, to: "years.wav"))
        #expect(abs((probe.bestDurationMilliseconds ?? 0) - 700_000) < 1000)
    }

    @Test func `an MP3 whose head counts a tenth of it is reserved as what its bytes make expect`() async throws {
        let scene = try MediaScene()
        _ = try await noise(scene, minutes: 11, "-b:a", "32k", to: "part.mp3")
        var part = try scene.read("part.mp3")
        let tag = try #require(
            part.indices.first { [Array("Info".utf8), Array("Xing".utf8)].contains(Array(part[$0...].prefix(4))) })
        // It counts frames, but not bytes, by which a joined file is told.
        part[tag + 7] &= 0xFD
        let file = try scene.write((0..<10).flatMap { _ in part }, to: "joined.mp3")
        let best = try await scene.tool.probe(path: file).bestDurationMilliseconds ?? 0
        #expect((6_000_000...7_200_000).contains(best))
    }

    @Test func `parts of an Ogg that stand one behind the other are all counted`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 5)), to: "source.wav")
        for format in ["opus", "ogg"] {
            try await scene.ffmpeg("-i", "source.wav", "one.\(format)")
            try await scene.ffmpeg("-i", "source.wav", "-serial_offset", "7", "two.\(format)")
            let bytes = try scene.read("one.\(format)") + scene.read("two.\(format)") + scene.read("one.\(format)")
            let file = try scene.write(bytes, to: "chain.\(format)")
            #expect(abs(try await scene.decode(file).audio.durationMilliseconds - 15_000) < 100, "\(format)")
            let best = try await scene.tool.probe(path: file).bestDurationMilliseconds ?? 0
            #expect(abs(best - 15_000) < 100, "\(format)")
        }
    }

    @Test func `a FLAC that does not know its length is measured`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 5)), to: "source.wav")
        try await scene.ffmpeg("-i", "source.wav", "whole.flac")
        var bytes = try scene.read("whole.flac")
        // The last 36 bits before the checksum of STREAMINFO count the samples.
        bytes[21] &= 0xF0
        for index in 22..<26 { bytes[index] = 0 }
        let probe = try await scene.tool.probe(path: try scene.write(bytes, to: "live.flac"))
        #expect(probe.isComplete && probe.bestDurationMilliseconds == 5000)
    }

    @Test func `what a probe decodes is bounded by samples, not by seconds`() async throws {
        let scene = try MediaScene()
        let zeros = "aevalsrc=0|0|0|0|0|0|0|0:s=192000:d=200"
        let costly = try await scene.ffmpeg("-f", "lavfi", "-i", zeros, "-c:a", "flac", "costly.flac")
        let probe = try await scene.tool.probe(path: costly)
        // Ten minutes of 96 kHz in stereo: here 75 seconds. The rest is judged by the claim, as of a long file.
        #expect(!probe.isComplete && !probe.isSilent)
        #expect((74_000...76_000).contains(probe.decodedDurationMilliseconds ?? 0))
        #expect(probe.bestDurationMilliseconds == 200_000)
        let plain = try await noise(scene, minutes: 9, "-ar", "96000", "-ac", "2", "-c:a", "flac", to: "plain.flac")
        #expect(try await scene.tool.probe(path: plain).isComplete)
    }

    @Test func `packets that hold next to nothing are counted too`() async throws {
        let scene = try MediaScene()
        var file = Matroska()
        let header = file.bytes.count
        file.add([1, 2], at: 0)
        let packet = file.bytes[header...]
        var bytes = file.bytes
        bytes.reserveCapacity(packet.count * 1_000_000)
        for _ in 0..<1_000_000 { bytes += packet }
        let probe = try await scene.tool.probe(path: try scene.write(bytes, to: "crumbs.mkv"))
        #expect(!probe.isComplete)
        #expect((probe.decodedDurationMilliseconds ?? 0) < 60_000)
    }

    @Test func `a sample rate that no recorder has is refused`() async throws {
        let scene = try MediaScene()
        let file = try scene.write(Signal.wav(Signal.sweep(seconds: 1), rate: 655_350), to: "fast.wav")
        #expect(await scene.refusal(of: file) == .unsupportedFormat)
        let most = try scene.write(Signal.wav(Signal.sweep(seconds: 30), rate: 384_000), to: "most.wav")
        #expect(try await scene.tool.probe(path: most).isComplete)
    }
}
