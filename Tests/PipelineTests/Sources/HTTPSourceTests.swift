import Egress
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Media, feeds and refusals by plain GET.
@Suite struct HTTPSourceTests {
    private static let media = FetchScene.anything

    @Test func `a file comes whole, with or without its length`() async throws {
        for framing in [MediaResource.Framing.length, .chunked, .close] {
            try await FetchScene.run(["/a.mp3": .init(type: "audio/mpeg", body: Self.media, framing: framing)]) {
                scene async throws in
                let isWhole = try await scene.fetch("/a.mp3?X-Signature=secret&e=1") == Self.media
                #expect(isWhole)
                let request = try #require(scene.site.requests.first)
                #expect(request.target == "/a.mp3?X-Signature=secret&e=1")
                #expect(request.headers["accept-encoding"] == "identity")
                #expect(request.headers["range"] == nil)
                #expect(!scene.log.text.contains("secret"))
                #expect(!scene.log.text.contains("a.mp3"))
            }
        }
    }

    @Test func `a download that broke goes on where it did, under another claim`() async throws {
        try await FetchScene.run([
            "/a": .init(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000, 50_000])
        ]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 7) == .init(code: .transientError, passes: true))
            #expect(try await scene.failure("/a", fence: 9) == .init(code: .transientError, passes: true))
            let isWhole = try await scene.fetch("/a", fence: 12) == Self.media
            #expect(isWhole)
            let requests = scene.site.requests
            #expect(requests.map { $0.headers["if-range"] } == [nil, "\"v1\"", "\"v1\""])
            let starts = requests.compactMap { $0.headers["range"].flatMap { Int($0.dropFirst(6).dropLast()) } }
            #expect(starts.count == 2)
            #expect(starts[0] > 50_000 && starts[0] <= 100_000)
            #expect(starts[1] > starts[0] && starts[1] <= 150_000)
        }
    }

    @Test func `another version comes whole, and so does what names no version`() async throws {
        try await FetchScene.run(["/a": .init(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000])])
        { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let other = Array(Self.media.reversed())
            scene.site["/a"] = .init(type: "audio/mpeg", body: other, tag: "\"v2\"")
            let isOther = try await scene.fetch("/a", fence: 2) == other
            #expect(isOther)
        }
        for tag in [nil, "W/\"v1\""] {
            try await FetchScene.run(["/a": .init(type: "audio/mpeg", body: Self.media, tag: tag, breaks: [100_000])]) {
                scene async throws in
                #expect(try await scene.failure("/a", fence: 1)?.passes == true)
                let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
                #expect(isWhole)
                #expect(scene.site.requests.allSatisfy { $0.headers["range"] == nil })
            }
        }
    }

    @Test func `what has become shorter than what we have of it begins anew`() async throws {
        try await FetchScene.run(["/a": .init(type: "audio/mpeg", body: Self.media, tag: "\"v\"", breaks: [100_000])]) {
            scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let short = Array(Self.media.prefix(2_000))
            scene.site["/a"] = .init(type: "audio/mpeg", body: short, tag: "\"v\"")
            let isShort = try await scene.fetch("/a", fence: 2) == short
            #expect(isShort)
        }
    }

    @Test func `another address under the same job takes nothing over`() async throws {
        try await FetchScene.run([
            "/a": .init(type: "audio/mpeg", body: Self.media, tag: "\"v\"", breaks: [100_000]),
            "/b": .init(type: "audio/mpeg", body: Array(Self.media.reversed()), tag: "\"v\""),
        ]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let isOther = try await scene.fetch("/b", fence: 2) == Array(Self.media.reversed())
            #expect(isOther)
        }
    }

    @Test func `a length that promises too much is a broken download; one that promises too little cuts it`()
        async throws
    {
        try await FetchScene.run([
            "/more": .init(type: "audio/mpeg", body: Self.media, framing: .lying(Self.media.count + 10)),
            "/less": .init(type: "audio/mpeg", body: Self.media, framing: .lying(1_000)),
            "/huge": .init(type: "audio/mpeg", body: Self.media, framing: .lying(5_000_000_000)),
        ]) { scene async throws in
            #expect(try await scene.failure("/more") == .init(code: .transientError, passes: true))
            #expect(try await scene.failure("/huge", fence: 2) == .init(code: .sourceTooLarge))
            // Last: what it has more of stays in the connection, and would be taken for the next answer.
            #expect(try await scene.fetch("/less", fence: 3).count == 1_000)
        }
    }

    @Test func `no more comes than the plan allows, declared, undeclared or endless`() async throws {
        try await FetchScene.run([
            "/declared": .init(type: "audio/mpeg", body: Self.media),
            "/chunked": .init(type: "audio/mpeg", body: Self.media, framing: .chunked),
            "/endless": .init(type: "audio/mpeg", body: Self.media, isEndless: true),
        ]) { scene async throws in
            for path in ["/declared", "/chunked", "/endless"] {
                #expect(
                    try await scene.failure(path, bytes: 299_999) == .init(code: .sourceTooLarge))
            }
            #expect(
                try await scene.fetch("/declared", fence: 9, bytes: Int64(Self.media.count)).count == Self.media.count)
        }
    }

    @Test func `a source that stalls is given up for now`() async throws {
        try await FetchScene.run([
            "/stalls": .init(type: "audio/mpeg", body: Self.media, stalls: [50_000]),
            "/silent": .init(type: "audio/mpeg", body: Self.media, stalls: [0]),
        ]) { scene async throws in
            #expect(try await scene.failure("/stalls") == .init(code: .sourceTimeout, passes: true))
            #expect(try await scene.failure("/silent", fence: 2) == .init(code: .sourceTimeout, passes: true))
        }
    }

    @Test(arguments: [
        (404, "source_not_found", false), (410, "source_not_found", false), (401, "source_requires_login", false),
        (403, "source_requires_login", false), (429, "source_blocked", true), (451, "source_blocked", false),
        (413, "source_too_large", false), (500, "transient_error", true), (502, "transient_error", true),
        (503, "transient_error", true), (408, "transient_error", true), (400, "source_unsupported", false),
        (302, "source_unsupported", false),
    ])
    func `each status has its meaning, also as a page`(status: Int, code: String, passes: Bool) async throws {
        try await FetchScene.run([
            "/a": .init(status: status, type: "text/plain", body: Array("no".utf8)),
            "/b": .init(status: status, type: "text/html", body: Array("<html>no".utf8)),
        ]) { scene async throws in
            for path in ["/a", "/b"] {
                let failure = try await scene.failure(path)
                #expect(failure?.code.rawValue == code, "\(path)")
                #expect(failure?.passes == passes)
            }
        }
    }

    @Test func `five redirects are followed, and not a sixth; none leads where it must not`() async throws {
        let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
        var resources: [String: MediaResource] = ["/0": .init(type: "audio/mpeg", body: Self.media)]
        for number in 1...6 { resources["/\(number)"] = .redirect(to: "/\(number - 1)", status: 307) }
        resources["/out"] = .redirect(to: "http://127.0.0.2:\(canary.port)/")
        resources["/file"] = .redirect(to: "file:///etc/passwd")
        try await FetchScene.run(resources) { scene async throws in
            #expect(try await scene.fetch("/5").count == Self.media.count)
            #expect(
                try await scene.failure("/6", fence: 2) == .init(code: .sourceUnsupported, reason: "too_many_redirects")
            )
            #expect(try await scene.failure("/out", fence: 3) == .init(code: .sourceURLRefused))
            #expect(try await scene.failure("/file", fence: 4) == .init(code: .sourceURLRefused))
        }
        #expect(canary.accepts == 0)
    }

    @Test func `a source at a refused address is not asked`() async throws {
        try await FetchScene.run(["/a": .init(type: "audio/mpeg", body: Self.media)], allowed: "") {
            scene async throws in
            #expect(try await scene.failure("/a") == .init(code: .sourceURLRefused))
            #expect(scene.site.connections == 0)
        }
    }

    @Test func `nobody listens, or something that is no web server`() async throws {
        let odd = try LoopbackListener { socket in
            try? socket.send("SSH-2.0-OpenSSH_9.2\r\n")
            _ = socket.receiveAll()
        }
        try await FetchScene.run { scene async throws in
            let away = try await scene.failure(of: "http://127.0.0.1:1/", fence: 1)
            #expect(away == .init(code: .sourceTimeout, passes: true))
            let strange = try await scene.failure(of: "http://127.0.0.1:\(odd.port)/", fence: 2)
            #expect(strange == .init(code: .sourceUnsupported, reason: "not_http"))
        }
    }

    @Test func `of a feed the newest episode comes`() async throws {
        try await FetchScene.run(["/new.mp3": .init(type: "audio/mpeg", body: Self.media)]) { scene async throws in
            func feed(_ enclosure: String) -> MediaResource {
                .text(
                    "<?xml version='1.0'?><rss><channel><item><enclosure url='\(enclosure)'/></item></channel></rss>",
                    type: "application/rss+xml")
            }
            scene.site["/feed"] = feed(scene.site.url + "/new.mp3?token=secret")
            let isWhole = try await scene.fetch("/feed") == Self.media
            #expect(isWhole)
            #expect(!scene.log.text.contains("secret"))
            let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
            for target in ["http://127.0.0.2:\(canary.port)/", "file:///etc/passwd"] {
                scene.site["/feed"] = feed(target)
                #expect(try await scene.failure("/feed") == .init(code: .sourceURLRefused))
            }
            #expect(canary.accepts == 0)
            scene.site["/feed"] = feed(scene.site.url + "/feed")
            #expect(
                try await scene.failure("/feed", fence: 10) == .init(code: .sourceUnsupported, reason: "no_media"))
            scene.site["/feed"] = .text("<rss></rss>", type: "application/rss+xml")
            #expect(
                try await scene.failure("/feed", fence: 11) == .init(code: .sourceUnsupported, reason: "no_media"))
        }
    }
}
