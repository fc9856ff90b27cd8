import Foundation
import Postgres
import TestSupport
import Testing

/// Who said what: by the channels of the source, by the model, or not at all.
@Suite struct SpeakerTests {
    /// The same reader with a larger head: deeper and slower.
    private static let otherVoice = "asetrate=16000*0.78,aresample=16000"

    /// One clip on the left and, after it, another on the right, as those filters leave them.
    private static func stereo(left: String = "anull", right: String = "anull", into folder: TemporaryFolder)
        async throws
        -> String
    {
        try await Recordings.ffmpeg(
            [
                "-i", Recordings.clip("0880"), "-i", Recordings.clip("0930"), "-filter_complex",
                "[0:a]apad=pad_dur=6,atrim=0:8,\(left)[l];[1:a]adelay=4000,apad=pad_dur=6,atrim=0:8,\(right)[r];"
                    + "[l][r]join=inputs=2:channel_layout=stereo[a]", "-map", "[a]",
            ], into: folder, named: "stereo.wav")
    }

    private static func transcript(_ file: String, _ fields: [String: String] = [:], at deployment: Deployment)
        async throws
        -> [String: Any]
    {
        try await transcripts([file], fields, at: deployment)[0]
    }

    /// Of several recordings, which one node works on at once.
    private static func transcripts(_ files: [String], _ fields: [String: String] = [:], at deployment: Deployment)
        async throws
        -> [[String: Any]]
    {
        let node = try await deployment.start("serve")
        let customer = try await deployment.customer(at: node)
        var jobs: [String] = []
        for file in files {
            jobs.append(try await customer.submit(file: file, fields: fields.merging(["language": "en"]) { $1 }))
        }
        var transcripts: [[String: Any]] = []
        for job in jobs {
            _ = try await customer.words(of: job)
            transcripts.append(try await customer.get("/jobs/\(job)/transcript").json)
        }
        return transcripts
    }

    private static func segments(_ transcript: [String: Any]) throws -> [[String: Any]] {
        try #require(transcript["segments"] as? [[String: Any]])
    }

    private static func words(of speaker: String?, in transcript: [String: Any]) throws -> [String] {
        let own = try segments(transcript).filter { $0["speaker"] as? String == speaker }
        return WordErrorRate.normalized(own.map { $0["text"] as? String ?? "" }.joined(separator: " "))
    }

    private static func speakers(_ transcript: [String: Any]) -> [String] {
        (transcript["speakers"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    @Test func `two people on two channels are told apart by the channel, and each word is heard once`() async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            // Each microphone also hears the other's voice, at a twentieth.
            let file = try await Recordings.ffmpeg(
                ["-i", try await Self.stereo(into: media), "-af", "pan=stereo|c0=c0+0.05*c1|c1=c1+0.05*c0"],
                into: media,
                named: "call.ogg")
            let transcript = try await Self.transcript(file, at: deployment)
            #expect(transcript["diarization"] as? String == "channels")
            #expect(Self.speakers(transcript) == ["speaker_0", "speaker_1"])
            #expect(try Self.words(of: "speaker_0", in: transcript) == Recordings.reference(["0880"]))
            #expect(try Self.words(of: "speaker_1", in: transcript) == Recordings.reference(["0930"]))
            #expect(try Self.segments(transcript).allSatisfy { $0["speaker_confidence"] as? Double == 1 })
            #expect(transcript["duration_seconds"] as? Double == 8)
        }
    }

    /// What both said, one after the other, as each of these filters leaves it.
    private static func conversations(
        _ filters: [String], _ arguments: [String], ending: String, _ media: TemporaryFolder
    )
        async throws -> [String]
    {
        let stereo = try await stereo(into: media)
        var files: [String] = []
        for (number, filter) in filters.enumerated() {
            files.append(
                try await Recordings.ffmpeg(
                    ["-i", stereo, "-af", filter] + arguments, into: media, named: "\(number).\(ending)"))
        }
        return files
    }

    @Test
    func
        `the same on both channels, reversed or not, or one that is dead or hisses, is mono: each word once, and a model looks for speakers`()
        async throws
    {
        let filters = [
            "pan=stereo|c0=c0+c1|c1=c0+c1", "pan=stereo|c0=c0+c1|c1=0*c0", "pan=stereo|c0=0*c0|c1=c0+c1",
            "pan=stereo|c0=c0+c1|c1=0*c0,aeval=val(0)|val(1)+0.004*(random(0)-0.5)",
            // One side reversed: added up, nothing is left. The second also hisses, the third is a second later.
            "pan=stereo|c0=c0+c1|c1=-1*c0-1*c1",
            "pan=stereo|c0=c0+c1|c1=-1*c0-1*c1,aeval=val(0)|val(1)+0.004*(random(0)-0.5)",
            "pan=stereo|c0=c0+c1|c1=-1*c0-1*c1,adelay=0|700",
        ]
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let files = try await Self.conversations(filters, ["-c:a", "libmp3lame"], ending: "mp3", media)
            let said = try Recordings.reference(["0880", "0930"])
            for (filter, transcript) in zip(filters, try await Self.transcripts(files, at: deployment)) {
                #expect(transcript["diarization"] as? String == "segmentation-3.0+campplus", "\(filter)")
                #expect(Self.speakers(transcript) == ["speaker_0"], "\(filter)")
                let text = try Self.segments(transcript).map { $0["text"] as? String ?? "" }.joined(separator: " ")
                let heard = WordErrorRate.normalized(text)
                #expect(WordErrorRate.between(heard, and: said) <= 0.1, "\(filter): \(heard)")
            }
        }
    }

    @Test func `without speakers too, no word is lost to a side that is reversed, to dead channels or to a low level`()
        async throws
    {
        let filters = [
            "pan=stereo|c0=c0+c1|c1=-1*c0-1*c1", "pan=5.1|c2=0.05*c0+0.05*c1", "pan=mono|c0=c0+c1,volume=-50dB",
        ]
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let files = try await Self.conversations(filters, ["-c:a", "pcm_f32le"], ending: "wav", media)
            let said = try Recordings.reference(["0880", "0930"])
            let transcripts = try await Self.transcripts(files, ["diarize": "false"], at: deployment)
            for (filter, transcript) in zip(filters, transcripts) {
                let text = try Self.segments(transcript).map { $0["text"] as? String ?? "" }.joined(separator: " ")
                let heard = WordErrorRate.normalized(text)
                #expect(WordErrorRate.between(heard, and: said) <= 0.1, "\(filter): \(heard)")
            }
        }
    }

    @Test func `two voices in one channel are told apart by the model, and named by who speaks first`() async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            var inputs: [String] = []
            for (number, clip) in ["0870", "0920", "0890", "0870"].enumerated() {
                let name = "turn\(number).wav"
                let filter = number % 2 == 0 ? "anull" : Self.otherVoice
                inputs += [
                    "-i",
                    try await Recordings.ffmpeg(
                        ["-i", Recordings.clip(clip), "-af", filter + ",apad=pad_dur=0.5"], into: media, named: name),
                ]
            }
            let file = try await Recordings.ffmpeg(
                inputs + ["-filter_complex", "concat=n=4:v=0:a=1"], into: media, named: "talk.flac")
            let transcript = try await Self.transcript(file, at: deployment)
            #expect(transcript["diarization"] as? String == "segmentation-3.0+campplus")
            #expect(Self.speakers(transcript) == ["speaker_0", "speaker_1"])
            let first = try Recordings.reference(["0870", "0890"])
            let second = try Recordings.reference(["0920", "0870"])
            #expect(WordErrorRate.between(try Self.words(of: "speaker_0", in: transcript), and: first) <= 0.25)
            #expect(WordErrorRate.between(try Self.words(of: "speaker_1", in: transcript), and: second) <= 0.25)
            let confidences = try Self.segments(transcript).map { $0["speaker_confidence"] as? Double ?? -1 }
            #expect(confidences.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test func `who asks for no speakers gets none, and no time is spent on them`() async throws {
        try await Deployment.with { deployment in
            try await deployment.keepTasks()
            let media = try TemporaryFolder()
            defer { media.remove() }
            let file = try await Self.stereo(into: media)
            let transcript = try await Self.transcript(file, ["diarize": "false"], at: deployment)
            #expect(transcript["diarization"] as? String == "none")
            #expect(Self.speakers(transcript) == [])
            #expect(try Self.segments(transcript).allSatisfy { $0["speaker"] is NSNull })
            let text = try Self.segments(transcript).map { $0["text"] as? String ?? "" }.joined(separator: " ")
            #expect(WordErrorRate.normalized(text) == (try Recordings.reference(["0880", "0930"])))
            let tasks = try await deployment.tenants.owner.query("SELECT kind, count(*) FROM every_task GROUP BY kind")
                .map {
                    try $0.decode(String.self, Int.self)
                }
            #expect(!tasks.contains { $0.0 == "diarize" })
            #expect(tasks.first { $0.0 == "recognize" }?.1 == 1)
        }
    }
}
