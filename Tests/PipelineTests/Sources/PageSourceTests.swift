import Billing
import Egress
import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Pages, through the real yt-dlp: a simulated site that it knows by name from a plugin.
@Suite struct PageSourceTests {
    private static let media = FetchScene.anything

    private static func run(
        about: String, media: MediaResource? = nil, _ body: (FetchScene) async throws -> Void
    ) async throws {
        try await FetchScene.run(["/watch/v": .text("<!doctype html><title>Video</title>")]) { scene async throws in
            scene.site["/about/v"] = .text(about.replacing("SITE", with: scene.site.url), type: "application/json")
            scene.site["/media.mp3"] = media ?? .init(type: "audio/mpeg", body: Self.media)
            try await body(scene)
        }
    }

    private static func about(_ members: String = "") -> String {
        #"{"url":"SITE/media.mp3?token=secret","ext":"mp3","title":"T"\#(members)}"#
    }

    @Test func `what lies behind a page that it knows is fetched through our proxy`() async throws {
        try await Self.run(about: Self.about(#","duration":5"#)) { scene async throws in
            let isWhole = try await scene.fetch("/watch/v?list=secret") == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map(\.path).contains("/media.mp3"))
            #expect(!scene.log.text.contains("secret"))
            #expect(scene.log.text.contains("Simulated"))
        }
    }

    @Test func `an unknown duration is left to the decoder, one that is too long is not fetched`() async throws {
        try await Self.run(about: Self.about()) { scene async throws in
            #expect(try await scene.fetch("/watch/v").count == Self.media.count)
        }
        try await Self.run(about: Self.about(#","duration":602"#)) { scene async throws in
            #expect(
                try await scene.failure("/watch/v") == .init(code: .invalidAudio, reason: "duration_exceeds_limit"))
            #expect(!scene.site.requests.map(\.path).contains("/media.mp3"))
        }
    }

    @Test func `what yt-dlp knows to be longer than what is left is not downloaded`() async throws {
        try await FetchScene.run(["/watch/v": .text("<!doctype html>")]) { scene async throws in
            let about = #"{"url":"\#(scene.site.url)/media.mp3","ext":"mp3","title":"T","duration":500}"#
            scene.site["/about/v"] = .text(about, type: "application/json")
            scene.site["/media.mp3"] = .init(type: "audio/mpeg", body: FetchScene.anything)
            #expect(
                try await scene.failure("/watch/v", seconds: 600) {
                    $0.room = MonthRoom(seconds: 400, limit: .overageCap)
                }
                    == .init(code: .quotaExceeded, reason: "overage_cap"))
            #expect(
                try await scene.failure("/watch/v", seconds: 450) {
                    $0.room = MonthRoom(seconds: 400, limit: .overageCap)
                }
                    == .init(code: .invalidAudio, reason: "duration_exceeds_limit"))
            #expect(!scene.site.requests.map(\.path).contains("/media.mp3"))
            #expect(
                try await scene.failure("/watch/v", seconds: 600) {
                    $0.room = MonthRoom(seconds: 500, limit: .overageCap)
                } == nil)
        }
    }

    @Test(arguments: [#","is_live":true"#, #","live_status":"is_live","is_live":true"#])
    func `a live stream has no end, and is not begun`(members: String) async throws {
        try await Self.run(about: Self.about(members)) { scene async throws in
            #expect(
                try await scene.failure("/watch/v") == .init(code: .sourceUnsupported, reason: "live_stream"))
            #expect(!scene.site.requests.map(\.path).contains("/media.mp3"))
        }
    }

    @Test func `success without a file is a refusal of its size`() async throws {
        try await Self.run(about: Self.about()) { scene async throws in
            #expect(try await scene.failure("/watch/v", bytes: 100_000) == .init(code: .sourceTooLarge))
        }
    }

    @Test func `the cap holds without a length, and of what never ends`() async throws {
        for isEndless in [false, true] {
            let media = MediaResource(type: "audio/mpeg", body: Self.media, framing: .chunked, isEndless: isEndless)
            try await Self.run(about: Self.about(), media: media) { scene async throws in
                #expect(try await scene.failure("/watch/v", bytes: 100_000) == .init(code: .sourceTooLarge))
            }
        }
    }

    @Test(arguments: [
        ("Private video. Sign in if you've been granted access", "source_requires_login", ""),
        ("Sign in to confirm your age", "source_requires_login", ""),
        ("Sign in to confirm you’re not a bot", "source_blocked", ""), ("Video unavailable", "source_not_found", ""),
        ("This video has been removed by the uploader", "source_not_found", ""),
        ("The uploader has not made this video available in your country", "source_blocked", ""),
        ("This video is DRM protected", "source_unsupported", "protected_media"),
        ("This live event will begin in 3 hours", "source_unsupported", "live_stream"),
        ("Something else", "source_unsupported", "no_media"),
    ])
    func `its words are told apart`(says: String, code: String, reason: String) async throws {
        try await Self.run(about: #"{"says":"\#(says)"}"#) { scene async throws in
            let failure = try await scene.failure("/watch/v")
            #expect(failure?.code.rawValue == code)
            #expect(failure?.reason ?? "" == reason)
            #expect(failure?.passes == false)
            #expect(scene.log.text.contains("that we do not know") == (says == "Something else"))
        }
    }

    @Test func `of what it says that we do not know, the log has its own words and nothing of the customer's`()
        async throws
    {
        let says =
            #"Unable to solve \"Gehalt von Meier\" for Meier at https://a.example/private?token=5ec4e7 in 2031"#
        try await Self.run(about: #"{"says":"\#(says)"}"#) { scene async throws in
            let failure = try await scene.failure("/watch/v?list=5ec4e7")
            #expect(failure == .init(code: .sourceUnsupported, reason: "no_media"))
            let line = scene.log.text.split(separator: "\n").first { $0.contains("that we do not know") } ?? ""
            #expect(line.contains("Simulated"))
            #expect(line.contains("* unable to solve * for * at * in *"))
            for text in ["Gehalt", "Meier", "5ec4e7", "a.example", "2031", "watch", "private"] {
                #expect(!scene.log.text.contains(text), "\(text)")
            }
        }
    }

    @Test(arguments: [
        (404, "source_not_found", false), (403, "source_requires_login", false), (429, "source_blocked", false),
        (451, "source_blocked", false), (500, "transient_error", true),
    ])
    func `so are the statuses that it meets`(status: Int, code: String, passes: Bool) async throws {
        try await Self.run(about: Self.about(), media: .init(status: status)) { scene async throws in
            let failure = try await scene.failure("/watch/v")
            #expect(failure?.code.rawValue == code)
            #expect(failure?.passes == passes)
        }
    }

    @Test func `a page that it does not know is unsupported, also one that shows a video`() async throws {
        try await FetchScene.run { scene async throws in
            scene.site["/page"] = .text("<html><video src='\(scene.site.url)/media.mp3'></video>")
            scene.site["/media.mp3"] = .init(type: "audio/mpeg", body: Self.media)
            #expect(try await scene.failure("/page") == .init(code: .sourceUnsupported, reason: "no_media"))
            #expect(!scene.site.requests.map(\.path).contains("/media.mp3"))
            // `No suitable extractor` is a sentence that we know.
            #expect(!scene.log.text.contains("that we do not know"))
        }
    }

    @Test func `with the generic extractor, which would follow anything, the proxy still refuses`() async throws {
        let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
        try await FetchScene.run(extractors: .init(names: "default", plugins: nil)) { scene async throws in
            scene.site["/page"] = .text("<html><video src='http://127.0.0.2:\(canary.port)/a.mp4'></video>")
            #expect(try await scene.failure("/page") == .init(code: .sourceURLRefused))
            scene.site["/page"] = .text("<html><video src='http://localhost:\(canary.port)/a.mp4'></video>")
            _ = try await scene.failure("/page", fence: 2)
            scene.site["/page"] = .text("<html><video src='\(scene.site.url)/moved.mp4'></video>")
            scene.site["/moved.mp4"] = .redirect(to: "http://127.0.0.2:\(canary.port)/a.mp4")
            #expect(try await scene.failure("/page", fence: 3) == .init(code: .sourceURLRefused))
        }
        #expect(canary.accepts == 0)
    }

    @Test func `an extractor that goes astray gets neither out nor about`() async throws {
        let canary = try LoopbackListener { _ in }
        let outside = try TemporaryFolder()
        defer { outside.remove() }
        try Data("secret".utf8).write(to: URL(fileURLWithPath: outside.path + "/secret"))
        let name = outside.path.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try await FetchScene.run { scene async throws in
            let path = "/escape/\(canary.port)/\(name)"
            scene.site[path] = .text("<html>")
            scene.site["/report"] = .text("thanks")
            #expect(try await scene.failure(path)?.code == .sourceUnsupported)
            let report = try #require(scene.site.requests.first { $0.path == "/report" })
            // What worked is listed behind the path.
            #expect(report.target == "/report")
        }
        #expect(canary.accepts == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["secret"])
    }

    @Test func `one that hangs is ended with all that belongs to it`() async throws {
        try await FetchScene.run(["/watch/v": .text("<html>")], wallClock: .seconds(2)) { scene async throws in
            scene.site["/about/v"] = .init(type: "application/json", body: [32, 32], stalls: [1, 1, 1, 1])
            let failure = try await scene.failure("/watch/v")
            #expect(failure == .init(code: .sourceTimeout, passes: true))
        }
    }

    @Test func `a caller that no longer waits leaves no process`() async throws {
        try await FetchScene.run(["/watch/v": .text("<html>")]) { scene async throws in
            scene.site["/about/v"] = .init(type: "application/json", body: [32, 32], stalls: [1, 1, 1, 1])
            let fetching = Task { try await scene.fetch("/watch/v") }
            try await eventually("the child asks") { scene.site.requests.contains { $0.path == "/about/v" } }
            fetching.cancel()
            await #expect(throws: CancellationError.self) { _ = try await fetching.value }
        }
    }

    @Test func `the environment holds what it should, and no program that it could start`() throws {
        #expect(FetchScene.installation.isComplete)
        #expect(FetchScene.installation.installedVersion == FetchScene.installation.pinnedVersion)
    }
}
