import Egress
import Foundation
import Logging
import Pipeline
import TestSupport
import Testing

/// A minute without speech between two readings: what is heard in it must be nothing.
@Suite struct HallucinationTests {
    private static let before = ["0880", "0930"]
    private static let after = ["0890", "0920"]
    /// Seconds by which a word's times may be wrong.
    private static let tolerance = 0.5

    @Test func `a minute of silence, noise or music between speech adds no word and costs none`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            var jobs: [(scene: Scene, id: String)] = []
            for sound in Sound.allCases {
                let scene = try await Scene(sound, in: media)
                jobs.append((scene, try await customer.submit(file: scene.file, fields: ["language": "en"])))
            }
            let expected = try Recordings.reference(Self.before + Self.after)
            for (scene, job) in jobs {
                let heard = WordErrorRate.normalized(try await customer.words(of: job))
                #expect(WordErrorRate.between(heard, and: expected) <= 0.05, "\(scene.sound): \(heard)")
                let transcript = try await customer.get("/jobs/\(job)/transcript").json
                let words = try #require(transcript["segments"] as? [[String: Any]]).flatMap {
                    $0["words"] as? [[String: Any]] ?? []
                }
                let within = words.filter { scene.isWithin($0["start"] as? Double ?? 0, $0["end"] as? Double ?? 0) }
                #expect(within.isEmpty, "\(scene.sound): \(within)")
            }
        }
    }

    @Test func `what the model does invent in a minute of silence is taken out again`() async throws {
        let media = try TemporaryFolder()
        defer { media.remove() }
        let scene = try await Scene(.silence, in: media)
        let wav = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scene.file)))
        let duration = Int64((wav.count - 44) / 32)
        let url = try await SharedModelServer.shared().url
        let client = EgressClient(logger: Logger(label: "test"))
        // A detector that takes everything for speech.
        let everything = 0..<duration
        let raw = try await client.send(
            EgressRequest(
                method: "POST", url: url + "/v1/audio/transcriptions",
                body: .multipart([
                    EgressPart(name: "file", filename: "a.wav", contentType: "audio/wav", content: .bytes(wav)),
                    EgressPart(name: "language", value: "en"), EgressPart(name: "vad_filter", value: "false"),
                    EgressPart(name: "response_format", value: "verbose_json"),
                    EgressPart(name: "timestamp_granularities[]", value: "word"),
                ]),
                limits: EgressLimits(total: .seconds(600), connect: .seconds(60), responseBytes: 1 << 20),
                trust: .operatorConfigured))
        let unguarded = try JSONDecoder().decode(WhisperResponse.self, from: Data(raw.body)).segments(within: duration)
        // Without this the test would prove nothing.
        try #require(scene.words(of: unguarded.map(\.transcribed)).count > 0)

        let engine = WhisperEngine(server: ModelServer(address: .url(url), client: client))
        let step = try await engine.recognize(
            SpeechChunk(reading: { wav }, duration: duration, language: "en", speech: [everything]), ticket: nil)
        await client.close()
        guard case .heard(let recognition) = step else { throw CancellationError() }
        #expect(scene.words(of: recognition.segments) == [])
        let heard = WordErrorRate.normalized(recognition.segments.map(\.text).joined(separator: " "))
        let expected = try Recordings.reference(Self.before + Self.after)
        #expect(WordErrorRate.between(heard, and: expected) <= 0.05)
    }

    private struct Scene {
        let sound: Sound
        let file: String
        /// Where the sound is, in seconds.
        let start, end: Double

        init(_ sound: Sound, in folder: TemporaryFolder) async throws {
            self.sound = sound
            var samples = Data()
            var borders: [Double] = []
            for clips in [HallucinationTests.before, HallucinationTests.after] {
                let speech = try await Recordings.speech(
                    clips, into: folder, named: "\(sound)-\(borders.count).raw",
                    ["-f", "s16le", "-ac", "1", "-ar", "16000"])
                samples += try Data(contentsOf: URL(fileURLWithPath: speech))
                if borders.isEmpty {
                    borders.append(Double(samples.count) / 32_000)
                    sound.samples(seconds: 60).withUnsafeBytes { samples.append(contentsOf: $0) }
                    borders.append(Double(samples.count) / 32_000)
                }
            }
            (start, end) = (borders[0], borders[1])
            let raw = folder.path + "/\(sound).raw"
            try samples.write(to: URL(fileURLWithPath: raw))
            // Without a chunk of metadata, which would come before the samples.
            file = try await Recordings.ffmpeg(
                ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", raw, "-bitexact"], into: folder, named: "\(sound).wav"
            )
        }

        /// Whether some of that time is the sound's alone.
        func isWithin(_ from: Double, _ until: Double) -> Bool {
            until > start + tolerance && from < end - tolerance
        }

        func words(of segments: [Transcript.Segment]) -> [String] {
            segments.flatMap(\.words).filter { isWithin(Double($0.start) / 1000, Double($0.end) / 1000) }.map(\.text)
        }
    }

    /// What nobody says. The music is made here: chords, a melody and a drum, in several voices.
    private enum Sound: String, CaseIterable {
        case silence, whiteNoise, pinkNoise, sineMusic, organMusic, sungVowel

        /// 16 kHz, little-endian as every machine that this runs on.
        func samples(seconds: Int) -> [Int16] {
            var random = SeededGenerator(seed: 60)
            var octaves = [Double](repeating: 0, count: 10)
            let melody = (0..<seconds * 2).map { _ in Self.scale[Int(random.next() % UInt64(Self.scale.count))] }
            return (0..<seconds * 16_000).map { index in
                let noise = Double(random.next() % 2001) / 1000 - 1
                // A random value that changes half as often in each octave: noise as strong in each.
                octaves[min(index.trailingZeroBitCount, octaves.count - 1)] = noise
                let beat = Double(index % 8000) / 16_000
                let value =
                    switch self {
                    case .silence: 0.0
                    case .whiteNoise: noise * 0.2
                    case .pinkNoise: octaves.reduce(0, +) * 0.06
                    case .sineMusic, .organMusic, .sungVowel:
                        tone(melody[index / 8000], Double(index) / 16_000) * exp(-beat) * min(1, beat * 50) * 0.25
                            + tone(Self.scale[index / 64_000 % 4] / 2, Double(index) / 16_000) * 0.1
                            + (beat < 0.05 ? noise * 0.1 : 0)
                    }
                return Int16(max(-1, min(1, value)) * 32_000)
            }
        }

        private static let scale = [261.6, 329.6, 220.0, 392.0, 440.0, 523.3, 587.3, 659.3]

        private func tone(_ pitch: Double, _ time: Double) -> Double {
            let phase = 2 * Double.pi * pitch * time
            switch self {
            case .organMusic:
                return [1, 2, 3, 4, 6, 8].reduce(0) { $0 + sin(phase * $1) / $1 } * 0.5
            case .sungVowel:
                // The overtones of a voice, strong at the formants of an "ah", with a tremor.
                let tremor = phase + 0.8 * sin(2 * Double.pi * 5.5 * time)
                return stride(from: 1.0, to: 3500 / pitch, by: 1).reduce(0) { sum, overtone in
                    let formants = [(700.0, 130.0, 1.0), (1220, 150, 0.6), (2600, 200, 0.3)]
                    let strength = formants.reduce(0) { $0 + $1.2 * exp(-pow((pitch * overtone - $1.0) / $1.1, 2)) }
                    return sum + strength * sin(tremor * overtone)
                }
            default:
                return sin(phase)
            }
        }
    }
}
