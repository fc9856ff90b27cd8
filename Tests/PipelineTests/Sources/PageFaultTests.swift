import Egress
import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Pages, through the real yt-dlp: what breaks on the way, and on this machine.
@Suite struct PageFaultTests {
    private static let passing = FetchScene.Failure(code: .internalError, passes: true)

    private static func run(
        media url: String, _ media: MediaResource? = nil, _ body: (FetchScene) async throws -> Void
    ) async throws {
        try await FetchScene.run(["/watch/v": .text("<!doctype html>"), "/media.mp3": media ?? .init()]) {
            scene async throws in
            scene.site["/about/v"] = .text(
                #"{"url":"\#(url.replacing("SITE", with: scene.site.url))","ext":"mp3","title":"T"}"#,
                type: "application/json")
            try await body(scene)
        }
    }

    private static func misbehaving(_ how: String) async throws -> FetchScene.Failure? {
        var failure: FetchScene.Failure?
        try await FetchScene.run(["/misbehave/\(how)": .text("<!doctype html>")]) { scene async throws in
            scene.site["/media.mp3"] = .init(type: "audio/mpeg", body: FetchScene.anything)
            failure = try await scene.failure("/misbehave/\(how)")
        }
        return failure
    }

    @Test(arguments: [MediaResource.Framing.chunked, .close])
    func `a file whose length nobody tells comes whole`(framing: MediaResource.Framing) async throws {
        let media = MediaResource(type: "audio/mpeg", body: FetchScene.anything, framing: framing)
        try await Self.run(media: "SITE/media.mp3", media) { scene async throws in
            let isWhole = try await scene.fetch("/watch/v") == FetchScene.anything
            #expect(isWhole)
        }
    }

    @Test func `a file that comes in part is none, for now`() async throws {
        let length = FetchScene.anything.count + 1000
        let media = MediaResource(type: "audio/mpeg", body: FetchScene.anything, framing: .lying(length))
        try await Self.run(media: "SITE/media.mp3", media) { scene async throws in
            #expect(try await scene.failure("/watch/v") == .init(code: .transientError, passes: true))
        }
    }

    @Test(arguments: ["http://127.0.0.1:1/a.mp3", "https://127.0.0.1:1/a.mp3"])
    func `a connection that is refused may be taken later`(url: String) async throws {
        try await Self.run(media: url) { scene async throws in
            #expect(try await scene.failure("/watch/v") == .init(code: .transientError, passes: true))
        }
    }

    @Test func `so may one that is reset, and one that breaks in the middle`() async throws {
        for bytes in [0, 100_000] {
            let breaks = [Int](repeating: bytes, count: 20)
            let media = MediaResource(type: "audio/mpeg", body: FetchScene.anything, breaks: breaks)
            try await Self.run(media: "SITE/media.mp3", media) { scene async throws in
                #expect(try await scene.failure("/watch/v") == .init(code: .transientError, passes: true))
            }
        }
    }

    @Test func `one that breaks once goes on`() async throws {
        let media = MediaResource(type: "audio/mpeg", body: FetchScene.anything, tag: "\"1\"", breaks: [100_000])
        try await Self.run(media: "SITE/media.mp3", media) { scene async throws in
            let isWhole = try await scene.fetch("/watch/v") == FetchScene.anything
            #expect(isWhole)
        }
    }

    @Test func `a site that says nothing is too slow`() async throws {
        let media = MediaResource(type: "audio/mpeg", body: FetchScene.anything, stalls: [Int](repeating: 0, count: 20))
        try await Self.run(media: "SITE/media.mp3", media) { scene async throws in
            let failure = try await scene.failure("/watch/v") { $0.connect = .seconds(1) }
            #expect(failure == .init(code: .sourceTimeout, passes: true))
        }
    }

    @Test func `of a list of recordings the first comes, and no other is asked for`() async throws {
        try await Self.run(media: "", .init(type: "audio/mpeg", body: FetchScene.anything)) { scene async throws in
            let entries = ["media", "other"].map {
                #"{"id":"\#($0)","title":"\#($0)","url":"\#(scene.site.url)/\#($0).mp3","ext":"mp3"}"#
            }
            scene.site["/about/v"] = .text(
                #"{"_type":"playlist","title":"L","entries":[\#(entries.joined(separator: ","))]}"#,
                type: "application/json")
            let isWhole = try await scene.fetch("/watch/v") == FetchScene.anything
            #expect(isWhole)
            #expect(!scene.site.requests.contains { $0.path == "/other.mp3" })
        }
    }

    @Test(arguments: ["full", "memory", "crash", "lazy"])
    func `what this machine lacks, or yt-dlp gets wrong, is not the customer's fault`(how: String) async throws {
        #expect(try await Self.misbehaving(how) == Self.passing)
    }

    @Test func `what takes all its processor time will take it again`() async throws {
        #expect(try await Self.misbehaving("burn") == .init(code: .sourceUnsupported, reason: "no_media"))
    }

    @Test func `an installation that is broken is not the customer's fault`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let bin = folder.path + "/.venv/bin"
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        // Python as it is, which knows no yt-dlp.
        try FileManager.default.createSymbolicLink(
            atPath: bin + "/python",
            withDestinationPath: URL(fileURLWithPath: FetchScene.installation.python).resolvingSymlinksInPath().path)
        for name in ["child.py", "cage.py"] {
            try FileManager.default.copyItem(
                atPath: Checkout.root + "/ingest/" + name, toPath: folder.path + "/" + name)
        }
        try await FetchScene.run { scene async throws in
            let pages = scene.pages(YtDlpInstallation(folder: folder.path))
            let own = try TemporaryFolder()
            defer { own.remove() }
            let url = try SourceURL("https://example.org/", policy: AddressPolicy())
            await #expect {
                _ = try await pages.fetch(url, FetchLimits(bytes: 1000, seconds: 60), into: own.path)
            } throws: { ($0 as? SourceUnavailable)?.failure.code == .internalError }
        }
    }

    @Test func `nothing that lies in its home changes what it does`() async throws {
        let home = try TemporaryFolder()
        defer { home.remove() }
        let evil =
            "open(__import__('os').environ['HOME'] + '/ran', 'w').close()\nfrom yt_dlp.extractor.common import InfoExtractor"
        let files = [
            "yt-dlp.conf": "--write-info-json", ".config/yt-dlp/config": "--write-info-json",
            ".config/yt-dlp.conf": "--write-info-json", ".yt-dlp/config": "--write-info-json",
            "yt-dlp.conf.txt": "--write-info-json", ".netrc": "machine simulated login alice password secret",
            ".config/yt-dlp/plugins/evil/yt_dlp_plugins/extractor/evil.py": evil,
            ".yt-dlp/plugins/evil/yt_dlp_plugins/extractor/evil.py": evil,
            "yt-dlp-plugins/evil/yt_dlp_plugins/extractor/evil.py": evil,
            "yt_dlp_plugins/extractor/evil.py": evil, "sitecustomize.py": evil, "yt_dlp.py": evil,
        ]
        for (name, text) in files {
            let path = URL(fileURLWithPath: home.path + "/" + name)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: path)
        }
        try await Self.run(media: "SITE/media.mp3", .init(type: "audio/mpeg", body: FetchScene.anything)) {
            scene async throws in
            let url = try SourceURL(scene.site.url + "/watch/v", policy: AddressPolicy(allowing: "127.0.0.1"))
            let limits = FetchLimits(bytes: 1_000_000, seconds: 600)
            let path = try await scene.pages.fetch(url, limits, into: home.path)
            #expect(path == home.path + "/a.mp3")
            #expect(try Set(home.files) == Set(files.keys).union(["a.mp3"]))
            #expect(scene.site.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }
}
