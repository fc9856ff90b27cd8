import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import TestSupport
import Testing

@Suite struct TranscriptionTests {
    private static let formats: [(name: String, arguments: [String])] = [
        ("a.mp3", []), ("a.wav", []), ("a.m4a", []), ("a.aac", []), ("a.ogg", ["-c:a", "libvorbis"]), ("a.opus", []),
        ("a.flac", []), ("a.webm", ["-c:a", "libopus"]), ("a.mp4", ["-c:a", "aac"]), ("a.mov", ["-c:a", "aac"]),
        ("a.mkv", ["-c:a", "ac3"]), ("a.avi", ["-c:a", "libmp3lame"]), ("a.wmv", ["-c:a", "wmav2"]),
    ]

    @Test func `all thirteen formats come out with the same words, whatever they are called`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            var jobs: [(format: String, id: String)] = []
            for format in Self.formats {
                let file = try await Recordings.speech(into: media, named: format.name, format.arguments)
                // What the model server would be asked besides is the same for each.
                let fields = ["language": "en", "diarize": "false"]
                jobs.append((format.name, try await customer.submit(file: file, named: "recording", fields: fields)))
            }
            let expected = try Recordings.reference(Recordings.shortClips)
            for job in jobs {
                let words = WordErrorRate.normalized(try await customer.words(of: job.id))
                #expect(words == expected, "\(job.format)")
            }
        }
    }

    @Test func `the concatenated recordings come out with at most one word in twenty wrong`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let file = try await Recordings.speech(Recordings.allClips, into: media, named: "all.flac")
            let heard = WordErrorRate.normalized(try await customer.words(of: try await customer.submit(file: file)))
            let rate = WordErrorRate.between(heard, and: try Recordings.reference(Recordings.allClips))
            #expect(rate <= 0.05)
        }
    }

    @Test func `a long recording is cut, and no word is lost or doubled at a seam`() async throws {
        try await Deployment.with { deployment in
            try await deployment.keepTasks()
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let clips = Array(repeating: Recordings.allClips, count: 7).flatMap { $0 }
            let file = try await Recordings.speech(clips, into: media, named: "long.ogg", ["-c:a", "libopus"])
            let job = try await customer.submit(file: file, fields: ["language": "en"])
            let heard = WordErrorRate.normalized(try await customer.words(of: job))
            #expect(WordErrorRate.between(heard, and: try Recordings.reference(clips)) <= 0.05)

            let chunks = try await deployment.tenants.owner.query(
                "SELECT count(*) FROM every_task WHERE kind = 'recognize' AND job_id = \(job)"
            ).map { try $0.decode(Int.self) }
            #expect(chunks[0] >= 2)
            // The same recording, heard in one: the same words, but for what Whisper makes of another neighborhood.
            let uncut = try await Self.uncut(file, media)
            #expect(WordErrorRate.between(heard, and: uncut) <= 0.02)
            #expect(abs(heard.count - uncut.count) <= uncut.count / 200)
            let transcript = try await customer.get("/jobs/\(job)/transcript").json
            let duration = try #require(transcript["duration_seconds"] as? Double)
            let words = try #require(transcript["segments"] as? [[String: Any]]).flatMap {
                $0["words"] as? [[String: Any]] ?? []
            }
            let times: [Double] = words.flatMap { [$0["start"] as? Double ?? -1, $0["end"] as? Double ?? -1] }
            #expect(times == times.sorted())
            #expect(times.allSatisfy { $0 >= 0 && $0 <= duration })
        }
    }

    /// What the engine hears of the whole recording at once.
    private static func uncut(_ file: String, _ folder: TemporaryFolder) async throws -> [String] {
        let samples = try await Recordings.ffmpeg(
            ["-i", file, "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", "-bitexact"], into: folder, named: "whole.wav"
        )
        let wav = [UInt8](try Data(contentsOf: URL(fileURLWithPath: samples)))
        let client = EgressClient(logger: Logger(label: "test"))
        let engine = WhisperEngine(
            server: ModelServer(address: .url(try await SharedModelServer.shared().url), client: client))
        let duration = Int64((wav.count - 44) / 32)
        let step = try await engine.recognize(
            SpeechChunk(reading: { wav }, duration: duration, language: "en", speech: [0..<duration]), ticket: nil)
        await client.close()
        guard case .heard(let recognition) = step else { throw CancellationError() }
        return WordErrorRate.normalized(recognition.segments.map(\.text).joined(separator: " "))
    }

    @Test func `a recording without speech completes with an empty transcript`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "anoisesrc=d=20:c=pink:a=0.05"], into: media, named: "noise.wav")
            let job = try await customer.submit(file: file)
            #expect(try await customer.words(of: job) == "")
            let transcript = try await customer.get("/jobs/\(job)/transcript").json
            #expect((transcript["segments"] as? [Any])?.isEmpty == true)
            #expect(transcript["engine"] as? String == "whisper_base")
        }
    }

    @Test func `nothing of a finished job's audio stays, and nothing of its content is logged`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", ["VERBATIM_LOG_LEVEL": "debug"])
            let customer = try await deployment.customer(at: node)
            let job = try await customer.submit(
                file: Recordings.clip("0880"), named: "board-meeting.wav", fields: ["metadata": #"{"case":"zanzibar"}"#]
            )
            #expect(try await customer.words(of: job).contains("young man"))
            _ = try await node.process.log.line(with: "task done", "clean", job)
            #expect(try deployment.storage.files == [])
            #expect(try deployment.scratch.files.filter { !$0.hasSuffix("lock") } == [])
            let ended = try await customer.get("/jobs/\(job)").json
            #expect(ended["source_deleted_at"] is String)
            let log = node.process.log.lines.joined(separator: "\n")
            for secret in ["board-meeting", "zanzibar", "young man", "ill-disposed", customer.token, "tsk_live_"] {
                #expect(!log.contains(secret), "\(secret)")
            }
        }
    }
}
