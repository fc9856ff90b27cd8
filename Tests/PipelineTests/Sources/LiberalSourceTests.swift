import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Media servers that are odd: what a browser plays is fetched.
@Suite struct LiberalSourceTests {
    private static let media = FetchScene.anything

    private static func resource(
        _ statusLine: String? = nil, headers: [String] = [], body: [UInt8] = media, type: String? = "audio/mpeg",
        framing: MediaResource.Framing = .length, lineEnd: String = "\r\n", tag: String? = nil, breaks: [Int] = []
    ) -> MediaResource {
        var resource = MediaResource(
            type: type, body: body, headers: headers, framing: framing, tag: tag, breaks: breaks)
        resource.statusLine = statusLine
        resource.lineEnd = lineEnd
        return resource
    }

    @Test func `an odd answer is read as a browser reads it`() async throws {
        let zipped = Gzip.stored(Self.media)
        let resources: [String: MediaResource] = [
            "/no-reason": Self.resource("HTTP/1.1 200"),
            "/no-reason-1.0": Self.resource("HTTP/1.0 200", framing: .close),
            "/line-feeds": Self.resource(lineEnd: "\n"),
            "/line-feeds-no-reason": Self.resource("HTTP/1.1 200", lineEnd: "\n"),
            "/two-spaces": Self.resource("HTTP/1.1  200  OK"), "/lower-case": Self.resource("http/1.1 200 ok"),
            "/long-reason": Self.resource("HTTP/1.1 200 \(String(repeating: "x", count: 20_000))"),
            "/no-type": Self.resource(type: nil), "/odd-type": Self.resource(type: "mp3"),
            "/text": Self.resource(type: "text/plain; charset=utf-8"), "/json": Self.resource(type: "application/json"),
            "/empty-type": Self.resource(type: ""),
            "/length-of-words": Self.resource(headers: ["Content-Length: many"], framing: .close),
            "/length-negative": Self.resource(headers: ["Content-Length: -1"], framing: .close),
            "/length-empty": Self.resource(headers: ["Content-Length:"], framing: .close),
            "/length-endless": Self.resource(headers: ["Content-Length: 99999999999999999999999"], framing: .close),
            "/many-fields": Self.resource(
                headers: (0..<100).map { "X-\($0): \(String(repeating: "x", count: 1_000))" }),
            "/odd-fields": Self.resource(headers: ["X y: z", ": z", "X-Space : z", "X-Fold: a\r\n b"]),
            "/coding-unknown": Self.resource(headers: ["Content-Encoding: aws-chunked"]),
            "/coding-charset": Self.resource(headers: ["Content-Encoding: UTF-8"]),
            "/coding-empty": Self.resource(headers: ["Content-Encoding:"]),
            "/coding-none": Self.resource(headers: ["Content-Encoding: none"]),
            "/coding-identity": Self.resource(headers: ["Content-Encoding: identity"]),
            "/gzip": Self.resource(headers: ["Content-Encoding: gzip"], body: zipped),
            "/x-gzip": Self.resource(headers: ["Content-Encoding: x-gzip"], body: zipped, framing: .chunked),
            "/gzip-closing": Self.resource(headers: ["Content-Encoding: GZIP"], body: zipped, framing: .close),
            "/gzip-trailing": Self.resource(headers: ["Content-Encoding: gzip"], body: zipped + [0, 0, 0, 0]),
            "/gzip-not-so": Self.resource(headers: ["Content-Encoding: gzip"]),
            "/gzip-twice": Self.resource(headers: ["Content-Encoding: gzip, gzip"], body: Gzip.stored(zipped)),
        ]
        try await FetchScene.run(resources) { scene async throws in
            for path in resources.keys.sorted() {
                let failure = try await scene.failure(path)
                #expect(failure == nil, "\(path)")
                guard failure == nil else { continue }
                let isWhole = try await scene.fetch(path) == Self.media
                #expect(isWhole, "\(path)")
                #expect(scene.site.requests.last?.headers["accept-encoding"] == "identity", "\(path)")
            }
        }
    }

    @Test func `a feed that comes compressed is read`() async throws {
        try await FetchScene.run(["/a.mp3": Self.resource()]) { scene async throws in
            let feed = """
                <?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><title>one</title>
                <enclosure url="\(scene.site.url)/a.mp3" type="audio/mpeg" length="1"/></item></channel></rss>
                """
            scene.site["/feed"] = Self.resource(
                headers: ["Content-Encoding: gzip"], body: Gzip.stored(Array(feed.utf8)), type: "application/rss+xml")
            let isWhole = try await scene.fetch("/feed") == Self.media
            #expect(isWhole)
        }
    }

    @Test func `what is small compressed and large as it is stops at the plan's cap`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let bomb = folder.path + "/bomb.gz"
        let made = try await Command.run(
            "/bin/sh", ["-c", "(printf ID3; head -c 200000000 /dev/zero) | gzip -9 > '\(bomb)'"])
        #expect(made.status == 0)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bomb)))
        #expect(bytes.count < 1_000_000)
        for framing in [MediaResource.Framing.length, .chunked, .close] {
            let bombed = Self.resource(headers: ["Content-Encoding: gzip"], body: bytes, framing: framing)
            try await FetchScene.run(["/bomb": bombed]) { scene async throws in
                #expect(try await scene.failure("/bomb", bytes: 1_000_000) == .init(code: .sourceTooLarge))
            }
        }
    }

    @Test func `a compressed download that broke begins anew instead of going on in the middle of it`() async throws {
        let zipped = Gzip.stored(Self.media)
        try await FetchScene.run([
            "/a": Self.resource(headers: ["Content-Encoding: gzip"], body: zipped, tag: "\"v1\"", breaks: [150_000])
        ]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.allSatisfy { $0.headers["range"] == nil })
        }
    }

    @Test func `a part that comes compressed is no part of what is here`() async throws {
        try await FetchScene.run([
            "/a": Self.resource(tag: "\"v1\"", breaks: [100_000])
        ]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let media = Self.media
            scene.site["/a"]?.answering = { request in
                guard let start = request.rangeStart else { return nil }
                return .part(
                    Gzip.stored(Array(media[start...])), range: "\(start)-\(media.count - 1)/\(media.count)",
                    headers: ["ETag: \"v1\"", "Content-Encoding: gzip"])
            }
            let isWhole = try await scene.fetch("/a", fence: 2) == media
            #expect(isWhole)
        }
    }
}
