import Addresses
import Egress
import MediaSimulator
import Pipeline
import Synchronization
import Testing

/// What passes and what does not, by plain GET.
@Suite struct SourceFaultTests {
    private static let media = FetchScene.anything
    private static let live = FetchScene.Failure(code: .sourceUnsupported, reason: "live_stream")

    private static func unavailable(_ scene: FetchScene, _ url: String) async throws -> SourceUnavailable {
        try await #require(throws: SourceUnavailable.self) { _ = try await scene.source(from: url) }
    }

    @Test func `a radio station is told by its head, and left at once`() async throws {
        let icy = ["icy-name: Radio", "Icy-Br: 128"]
        try await FetchScene.run([
            "/radio": .init(type: "audio/mpeg", body: Self.media, headers: icy, framing: .close, isEndless: true),
            "/recording": .init(type: "audio/mpeg", body: Self.media, headers: icy),
        ]) { scene async throws in
            #expect(try await scene.failure("/radio") == Self.live)
            #expect(scene.site.requests.count == 1)
            // The same servers serve recordings, which have a length.
            #expect(try await scene.fetch("/recording").count == Self.media.count)
        }
    }

    @Test func `what comes for as long as it may and cannot be gone on with is not begun again`() async throws {
        try await FetchScene.run([
            "/stream": .init(type: "audio/mpeg", body: Self.media, isEndless: true),
            "/long": .init(
                type: "audio/mpeg", body: Self.media, framing: .lying(1 << 40), isEndless: true),
            "/resumable": .init(type: "audio/mpeg", body: Self.media, tag: "\"v\"", isEndless: true),
            "/silent": .init(type: "audio/mpeg", body: Self.media, stalls: [0]),
        ]) { scene async throws in
            for (fence, path, failure) in [
                (1, "/stream", Self.live), (2, "/long", .init(code: .sourceTimeout)),
                (3, "/resumable", .init(code: .sourceTimeout, passes: true)),
                (4, "/silent", .init(code: .sourceTimeout, passes: true)),
            ] as [(Int64, String, FetchScene.Failure)] {
                let seen = try await scene.failure(path, fence: fence, bytes: 1 << 41) {
                    $0.wallClock = .milliseconds(500)
                }
                #expect(seen == failure, "\(path)")
            }
        }
    }

    @Test func `a station of 64 kbit a second is not too slow`() {
        let rate = FetchLimits(bytes: 1, seconds: 1).minimumRate.bytesPerSecond
        #expect(rate <= 64_000 / 8)
        #expect(rate > 0)
    }

    @Test func `a server's wish for patience is granted, up to a quarter of an hour`() async throws {
        try await FetchScene.run { scene async throws in
            for (field, wait) in [
                ("Retry-After: 90", Duration.seconds(90)), ("Retry-After: 99999999999", .seconds(900)),
                ("Retry-After: Mon, 02 Nov 2015 10:00:00 GMT", .zero), ("Retry-After: soon", nil),
                ("X: y", nil),
            ] as [(String, Duration?)] {
                for (path, status, code) in [
                    ("/429", 429, JobFailure.Code.sourceBlocked), ("/503", 503, .transientError),
                ] {
                    scene.site[path] = .init(status: status, headers: [field])
                    let fault = try await Self.unavailable(scene, scene.site.url + path)
                    #expect(fault.retryAfter == wait, "\(field)")
                    #expect(fault.failure.code == code)
                }
            }
        }
    }

    @Test func `a failure is one, however long its page`() async throws {
        let page = Array(repeating: UInt8(65), count: 100_000)
        try await FetchScene.run([
            "/404": .init(status: 404, body: page, isEndless: true),
            "/503": .init(status: 503, body: page, framing: .lying(9_000_000_000)),
            "/moved": .init(status: 302, body: page, headers: ["Location: /a"], isEndless: true),
            "/a": .init(type: "audio/mpeg", body: Self.media),
        ]) { scene async throws in
            #expect(try await scene.failure("/404", fence: 1) == .init(code: .sourceNotFound))
            #expect(try await scene.failure("/503", fence: 2) == .init(code: .transientError, passes: true))
            #expect(try await scene.failure("/moved", fence: 3) == .init(code: .sourceTooLarge))
            #expect(!scene.site.requests.contains { $0.path == "/a" })
        }
    }

    @Test func `who announces too much is refused before a byte of it, and needs no second try`() async throws {
        try await FetchScene.run([
            "/a": .init(type: "audio/mpeg", body: Self.media, framing: .lying(9_000_000_000), stalls: [100])
        ]) { scene async throws in
            #expect(try await scene.failure("/a", bytes: 100_000_000) == .init(code: .sourceTooLarge))
        }
    }

    @Test func `a name counts as unknown only when a name server says so`() async throws {
        for isDenied in [true, false] {
            let asked = Mutex([String]())
            let resolver = NameResolver(
                addresses: { _ in [] },
                denies: { name in
                    asked.withLock { $0.append(name) }
                    return isDenied
                })
            try await FetchScene.run(resolver: resolver) { scene async throws in
                let failure = try await scene.failure(of: "http://nobody.example/a.mp3")
                #expect(failure == .init(code: isDenied ? .sourceNotFound : .transientError, passes: true))
            }
            #expect(asked.withLock { $0 } == ["nobody.example"])
        }
    }

    @Test func `an episode's address is read where the feed was found`() async throws {
        func feed(_ enclosure: String) -> MediaResource {
            .text(
                "<feed><entry><link rel='enclosure' href='\(enclosure)'/></entry></feed>", type: "application/atom+xml")
        }
        try await FetchScene.run([
            "/feed": .redirect(to: "/shows/7/feed.xml"),
            "/shows/7/new.mp3": .init(type: "audio/mpeg", body: Self.media),
            "/top.mp3": .init(type: "audio/mpeg", body: Self.media),
            "/shows/7/two%20words.mp3": .init(type: "audio/mpeg", body: Self.media),
        ]) { scene async throws in
            let host = scene.site.url.dropFirst("http:".count)
            for reference in [
                "new.mp3", "./new.mp3", "../../top.mp3", "/top.mp3", " /top.mp3\n", "two words.mp3", "\(host)/top.mp3",
                "?x=1",
            ] {
                scene.site["/shows/7/feed.xml"] = feed(reference)
                if reference == "?x=1" {
                    // The feed again.
                    #expect(try await scene.failure("/feed")?.reason == "no_media")
                } else {
                    #expect(try await scene.fetch("/feed").count == Self.media.count, "\(reference)")
                }
            }
            for broken in [
                "http://", "http://me:secret@127.0.0.1/a.mp3", "/" + String(repeating: "x", count: 3_000), "http://[1/",
            ] {
                scene.site["/shows/7/feed.xml"] = feed(broken)
                let failure = try await scene.failure("/feed")
                #expect(failure == .init(code: .sourceUnsupported, reason: "no_media"), "\(broken)")
            }
            for refused in ["file:///etc/passwd", "//127.0.0.2/a.mp3", "http://169.254.169.254/a.mp3"] {
                scene.site["/shows/7/feed.xml"] = feed(refused)
                #expect(try await scene.failure("/feed") == .init(code: .sourceURLRefused), "\(refused)")
            }
        }
    }

    @Test func `of a feed without end the beginning is read`() async throws {
        let blanks = Array(repeating: UInt8(32), count: 1_000_000)
        try await FetchScene.run(["/new.mp3": .init(type: "audio/mpeg", body: Self.media)]) { scene async throws in
            let episode = "<rss><channel><item><enclosure url='\(scene.site.url)/new.mp3'/></item>"
            let feed = Array(episode.utf8) + blanks
            scene.site["/feed"] = .init(type: "application/rss+xml", body: feed, isEndless: true)
            // Whatever the plan's cap is on recordings.
            #expect(try await scene.fetch("/feed", fence: 1).count == Self.media.count)
            scene.site["/feed"] = .init(type: "application/rss+xml", body: blanks, isEndless: true)
            #expect(
                try await scene.failure("/feed", fence: 2) == .init(code: .sourceUnsupported, reason: "no_media"))
        }
    }

    @Test func `a page that a short address leads to is known by where it is`() async throws {
        try await FetchScene.run([
            "/short": .redirect(to: "/watch/v"), "/watch/v": .text("<!doctype html><title>Video</title>"),
            "/media.mp3": .init(type: "audio/mpeg", body: Self.media),
        ]) { scene async throws in
            scene.site["/about/v"] = .text(
                #"{"url":"\#(scene.site.url)/media.mp3","ext":"mp3","title":"T"}"#, type: "application/json")
            let isWhole = try await scene.fetch("/short") == Self.media
            #expect(isWhole)
        }
    }
}
