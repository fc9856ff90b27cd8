import Foundation
import Postgres
import TestSupport
import Testing

/// What is wrong with a file is said at once, exactly, and leaves nothing behind.
@Suite struct RefusalTests {
    private static func withAPI(
        limits: String = "", _ body: (Deployment, Customer, TemporaryFolder) async throws -> Void
    ) async throws {
        try await Deployment.with { deployment in
            if !limits.isEmpty {
                let example = deployment.tenants.example
                try await deployment.tenants.owner.execute(
                    """
                    INSERT INTO quota_overrides (tenant_id, max_file_bytes, max_duration_seconds)
                    VALUES (\(example), \(unescaped: limits))
                    """)
            }
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            try await body(deployment, customer, media)
            // No refusal is a fault of ours, and nothing of what was refused stays.
            #expect(!node.process.log.lines.contains { $0.contains("\"level\":\"error\"") })
            #expect(try deployment.storage.files == [])
            try await eventually("the spool is empty") {
                try deployment.scratch.files.filter { !$0.hasSuffix("lock") }.isEmpty
            }
            #expect(try await customer.get("/jobs").json["jobs"] as? [String] == [])
        }
    }

    private static func write(_ bytes: [UInt8], _ name: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func `each bad file gets its exact reason`() async throws {
        try await Self.withAPI { deployment, customer, media in
            let canary = try Self.write(Array("canary".utf8), "canary.ts", in: media)
            let moov = try await Recordings.speech(into: media, named: "whole.mp4")
            let whole = try Array(Data(contentsOf: URL(fileURLWithPath: moov)))
            let png = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "testsrc=d=0.1", "-frames:v", "1"], into: media, named: "picture.png")
            let video = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "testsrc=d=1", "-c:v", "mpeg4"], into: media, named: "silent-film.mp4")
            let silence = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "5"], into: media, named: "silence.wav")
            let files: [(path: String, reason: String)] = [
                (try Self.write([], "nothing.mp3", in: media), "empty_audio"),
                (silence, "empty_audio"),
                (
                    try Self.write(Array("just some text, long enough to look at\n".utf8), "text.mp3", in: media),
                    "unsupported_format"
                ),
                (png, "unsupported_format"),
                (video, "unsupported_format"),
                (
                    try Self.write(
                        Array("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n\(canary)\n#EXT-X-ENDLIST\n".utf8),
                        "evil.mp3",
                        in: media), "unsupported_format"
                ),
                (
                    try Self.write(Array("ffconcat version 1.0\nfile '\(canary)'\n".utf8), "evil.wav", in: media),
                    "unsupported_format"
                ),
                (try Self.write(Array(whole.prefix(whole.count / 2)), "no-moov.mp4", in: media), "decode_failed"),
            ]
            for file in files {
                let name = URL(fileURLWithPath: file.path).lastPathComponent
                let problem = try await customer.post(file: file.path).problem(415)
                #expect(problem["error"] as? String == "invalid_audio", "\(name)")
                #expect(problem["reason"] as? String == file.reason, "\(name)")
            }
        }
    }

    @Test func `a recording longer than the plan allows is refused, whatever its header claims`() async throws {
        try await Self.withAPI(limits: "NULL, 30") { _, customer, media in
            let long = try await Recordings.ffmpeg(["-f", "lavfi", "-i", "sine=d=31"], into: media, named: "long.wav")
            let part = try await Recordings.ffmpeg(["-f", "lavfi", "-i", "sine=d=20"], into: media, named: "part.flac")
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: part)))
            // The header of the first part claims 20 s; there are 40.
            let joined = try Self.write(bytes + bytes, "joined.flac", in: media)
            for file in [long, joined] {
                let problem = try await customer.post(file: file).problem(415)
                #expect(problem["reason"] as? String == "duration_exceeds_limit", "\(file)")
            }
        }
    }

    @Test func `a file over the plan's size is refused, declared or not`() async throws {
        try await Self.withAPI(limits: "1000000, NULL") { _, customer, media in
            let large = try Self.write([UInt8](repeating: 7, count: 1_200_000), "large.wav", in: media)
            let problem = try await customer.post(file: large).problem(413)
            #expect(problem["error"] as? String == "file_too_large")
            #expect(problem["limit_bytes"] as? Int == 1_000_000)

            let undeclared = try await Command.run(
                "curl",
                [
                    "-s", "-H", "Authorization: Bearer \(customer.token)", "-H", "Transfer-Encoding: chunked", "-F",
                    "file=@\(large)", "-w", " %{http_code}", customer.node.url + "/jobs",
                ])
            #expect(undeclared.output.contains("file_too_large"))
            #expect(undeclared.output.hasSuffix(" 413"))
        }
    }

    @Test func `a declared size over the cap is refused before the body is sent`() async throws {
        try await Self.withAPI(limits: "1000000, NULL") { _, customer, media in
            let path = media.path + "/huge.wav"
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            #expect(truncate(path, 3_000_000_000) == 0)
            let answer = try await Command.run(
                "curl",
                [
                    "-s", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(path)", "-w",
                    " %{http_code} %{size_upload}", customer.node.url + "/jobs",
                ])
            let words = answer.output.split(separator: " ")
            #expect(words.dropLast().last == "413")
            #expect(try #require(words.last.flatMap { Int($0) }) < 100_000_000)
        }
    }

    @Test func `what is larger than any plan's files is taken from an account that may send it`() async throws {
        try await Self.withAPI(limits: "6000000000, NULL") { deployment, customer, media in
            let path = media.path + "/huge.wav"
            for (size, isTaken) in [(off_t(5_500_000_000), true), (6_500_000_000, false)] {
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                #expect(truncate(path, size) == 0)
                let curl = try await RunningProcess(
                    "/usr/bin/curl",
                    [
                        "-s", "--limit-rate", "2M", "-H", "Authorization: Bearer \(customer.token)", "-F",
                        "file=@\(path)", customer.node.url + "/jobs",
                    ], reading: .output)
                if isTaken {
                    try await eventually("the upload is in the spool") {
                        try deployment.scratch.files.contains { $0.hasPrefix("uploads/") && !$0.hasSuffix("lock") }
                    }
                    curl.kill()
                } else {
                    let answer = try await curl.log.line(with: "file_too_large")
                    #expect(answer.contains("\"limit_bytes\":6000000000"))
                }
                _ = try await curl.ended()
            }
        }
    }

    @Test func `a field that cannot be is refused by its name`() async throws {
        let fields = [
            ("diarize", "maybe"), ("language", "klingon"), ("speakers_expected", "0"), ("speakers_expected", "33"),
            ("speakers_expected", "two"), ("metadata", "[]"), ("metadata", "{"), ("metadata", "\"x\""),
            ("metadata", #"{"a":"\u0000"}"#), ("metadata", #"{"a":1e999999}"#), ("diarise", "true"),
        ]
        try await Self.withAPI { _, customer, _ in
            for (field, value) in fields {
                let answer = try await customer.post(file: Recordings.clip("0880"), fields: [field: value])
                let problem = try answer.problem(400)
                #expect(problem["error"] as? String == "invalid_request", "\(field): \(value)")
                #expect(problem["field"] as? String == field, "\(field): \(value)")
            }
        }
    }

    @Test func `an address within is refused, as a source and as a webhook`() async throws {
        try await Self.withAPI { _, customer, _ in
            let webhook = try await customer.post(
                file: Recordings.clip("0880"), fields: ["webhook_url": "http://169.254.169.254/hook"]
            ).problem(422)
            #expect(webhook["error"] as? String == "webhook_url_refused")
            #expect(webhook["field"] as? String == "webhook_url")
            let url = try await customer.send("POST", "/jobs", json: #"{"source_url":"http://169.254.169.254/a.mp3"}"#)
                .problem(422)
            #expect(url["error"] as? String == "source_url_refused")
        }
    }

    @Test func `a request that is no upload is told what to send`() async throws {
        try await Self.withAPI { _, customer, _ in
            #expect(
                try await customer.send("POST", "/jobs").problem(415)["error"] as? String == "unsupported_media_type")
            let noFile = try await Command.run(
                "curl",
                [
                    "-s", "-H", "Authorization: Bearer \(customer.token)", "-F", "language=en",
                    customer.node.url + "/jobs",
                ])
            #expect(noFile.output.contains("\"field\":\"file\""))
            let broken = try await Command.run(
                "curl",
                [
                    "-s", "-H", "Authorization: Bearer \(customer.token)", "-H",
                    "Content-Type: multipart/form-data; boundary=x",
                    "--data-binary", "no boundary here", customer.node.url + "/jobs",
                ])
            #expect(broken.output.contains("invalid_request"))
        }
    }

    @Test func `a client that hangs up in mid-upload leaves nothing`() async throws {
        try await Self.withAPI { deployment, customer, media in
            let large = try Self.write([UInt8](repeating: 7, count: 40_000_000), "large.wav", in: media)
            let curl = try await RunningProcess(
                "/usr/bin/curl",
                [
                    "-s", "--limit-rate", "2M", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(large)",
                    customer.node.url + "/jobs",
                ])
            try await eventually("the upload is in the spool") {
                try deployment.scratch.files.contains { $0.hasPrefix("uploads/") && !$0.hasSuffix("lock") }
            }
            curl.signal(SIGKILL)
            _ = try await curl.ended()
            try await eventually("the spool is empty") {
                try deployment.scratch.files.filter { !$0.hasSuffix("lock") }.isEmpty
            }
        }
    }
}
