import Foundation
import MediaSimulator
import Pipeline
import Testing

/// Downloads that go on, on servers that mean something else by it.
@Suite struct RangeTests {
    private static let media = FetchScene.anything
    private static let other = Array(FetchScene.anything.reversed())
    private static let size = media.count

    /// What breaks after a third, under that tag; then `answering` decides.
    private static func broken(
        _ headers: [String] = ["ETag: \"v1\""], answering: (@Sendable (MediaSimulator.Request) -> MediaResource?)?
    ) -> MediaResource {
        MediaResource(type: "audio/mpeg", body: media, headers: headers, breaks: [100_000], answering: answering)
    }

    /// What comes under the second claim, and what was asked for in the end.
    private static func resume(
        _ resource: MediaResource, _ body: (FetchScene, [UInt8]) async throws -> Void
    ) async throws {
        try await FetchScene.run(["/a": resource]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            try await body(scene, try await scene.fetch("/a", fence: 2))
        }
    }

    @Test(arguments: [
        // Another place than the one asked for; of another version; of none; of unknown length; of nothing that can be read.
        ("0-299999/300003", "ETag: \"v1\""), ("START-300002/300003", "ETag: \"v2\""), ("START-300002/300003", "X: y"),
        ("START-300002/300003", "ETag: W/\"v1\""), ("START-300002/*", "ETag: \"v1\""),
        ("START-/300003", "ETag: \"v1\""),
        ("START-300003/300003", "ETag: \"v1\""), ("+START-300002/300003", "ETag: \"v1\""),
    ])
    func `a part that is not certainly the rest is no part of it: the whole is asked for`(range: String, field: String)
        async throws
    {
        let resource = Self.broken { request in
            guard let start = request.rangeStart else {
                // At the first time as it is, then in another version.
                return nil
            }
            return .part(
                Self.other.dropFirst(start), range: range.replacing("START", with: "\(start)"), headers: [field])
        }
        try await Self.resume(resource) { scene, bytes async throws in
            let isWhole = bytes == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map { $0.rangeStart != nil } == [false, true, false])
        }
    }

    @Test func `a file that changed comes whole, also from a server that serves ranges of anything`() async throws {
        let resource = Self.broken { request in
            guard request.headers["range"] != nil else { return nil }
            return .part(
                Self.other.dropFirst(request.rangeStart ?? 0), range: "\(request.rangeStart ?? 0)-300002/300003",
                headers: ["ETag: \"v2\""])
        }
        try await FetchScene.run(["/a": resource]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            scene.site["/a"] = MediaResource(
                type: "audio/mpeg", body: Self.other, headers: ["ETag: \"v2\""], answering: resource.answering)
            let isOther = try await scene.fetch("/a", fence: 2) == Self.other
            #expect(isOther)
        }
    }

    @Test func `a server that gives parts of its own size is asked for the next one, and the next`() async throws {
        let resource = Self.broken { request in
            guard let start = request.rangeStart else { return nil }
            let end = min(start + 60_000, Self.size)
            return .part(
                Self.media[start..<end], range: "\(start)-\(end - 1)/\(Self.size)", headers: ["ETag: \"v1\""])
        }
        try await Self.resume(resource) { scene, bytes async throws in
            let isWhole = bytes == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.count >= 5)
            #expect(scene.site.requests.dropFirst().allSatisfy { $0.headers["if-range"] == "\"v1\"" })
        }
    }

    @Test func `a part that is shorter or longer than it says is no whole`() async throws {
        for surplus in [-1_000, 1_000] {
            let resource = Self.broken { request in
                guard let start = request.rangeStart else { return nil }
                let rest = Array((Self.media + Self.media)[start..<(Self.size + surplus)])
                return .part(rest, range: "\(start)-\(Self.size - 1)/\(Self.size)", headers: ["ETag: \"v1\""])
            }
            try await FetchScene.run(["/a": resource]) { scene async throws in
                #expect(try await scene.failure("/a", fence: 1)?.passes == true)
                #expect(try await scene.failure("/a", fence: 2) == .init(code: .transientError, passes: true))
                scene.site["/a"]?.answering = nil
                scene.site["/a"]?.tag = "\"v1\""
                let isWhole = try await scene.fetch("/a", fence: 3) == Self.media
                #expect(isWhole)
            }
        }
    }

    @Test func `a server that knows no parts, and breaks whenever it has sent much, is not asked without end`()
        async throws
    {
        let resource = MediaResource(
            type: "audio/mpeg", body: Self.media, headers: ["ETag: \"v1\""],
            breaks: Array(repeating: 200_000, count: 50))
        try await FetchScene.run(["/a": resource]) { scene async throws in
            #expect(try await scene.failure("/a") { $0.progress = 20_000 }?.passes == true)
            #expect(scene.site.requests.map { $0.rangeStart != nil } == [false, true])
        }
    }

    @Test func `a version that no request can name is none`() async throws {
        let resource = MediaResource(
            type: "audio/mpeg", body: Self.media, headers: ["ETag: \"a\u{1}\""], breaks: [100_000])
        try await Self.resume(resource) { scene, bytes async throws in
            let isWhole = bytes == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map { $0.headers["if-range"] } == [nil, nil])
        }
    }

    @Test func `a part that nobody asked for is not the source`() async throws {
        let resource = MediaResource.part(Self.media.prefix(1_000), range: "0-999/300003", headers: ["ETag: \"v\""])
        try await FetchScene.run(["/a": resource]) { scene async throws in
            #expect(try await scene.failure("/a") == .init(code: .transientError, passes: true))
        }
    }

    @Test func `the rest of more than the plan allows is not fetched`() async throws {
        let resource = Self.broken { request in
            guard let start = request.rangeStart else { return nil }
            return .part([1], range: "\(start)-\(start)/9000000000", headers: ["ETag: \"v1\""])
        }
        try await FetchScene.run(["/a": resource]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            #expect(try await scene.failure("/a", fence: 2) == .init(code: .sourceTooLarge))
        }
    }

    @Test func `the date of the last change names a version too`() async throws {
        let date = "Mon, 02 Nov 2026 10:00:00 GMT"
        let resource = Self.broken(["Last-Modified: \(date)"]) { request in
            guard let start = request.rangeStart else { return nil }
            return .part(
                Self.media[start...], range: "\(start)-\(Self.size - 1)/\(Self.size)",
                headers: ["Last-Modified: \(date)", "ETag: \"new\""])
        }
        try await Self.resume(resource) { scene, bytes async throws in
            let isWhole = bytes == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map { $0.headers["if-range"] } == [nil, date])
        }
    }

    @Test func `what is all there already is not fetched again, if the server says that there is no more`() async throws
    {
        for (tag, count) in [("\"v1\"", 2), ("\"v2\"", 3)] {
            // All bytes come, and then something that is no end: the claim is lost with everything here.
            let resource = MediaResource(
                type: "audio/mpeg", body: Self.media, headers: ["ETag: \"v1\""], framing: .lying(Self.size + 1),
                answering: { request in
                    guard request.headers["range"] != nil else { return nil }
                    return MediaResource(
                        status: 416, headers: ["Content-Range: bytes */\(Self.size)", "ETag: \(tag)"])
                })
            try await FetchScene.run(["/a": resource]) { scene async throws in
                #expect(try await scene.failure("/a", fence: 1)?.passes == true)
                scene.site["/a"]?.framing = .length
                let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
                #expect(isWhole)
                #expect(scene.site.requests.count == count)
            }
        }
    }

    @Test func `a download behind a redirect goes on where it did`() async throws {
        try await FetchScene.run([
            "/moved": .redirect(to: "/a"),
            "/a": .init(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000]),
        ]) { scene async throws in
            #expect(try await scene.failure("/moved", fence: 1)?.passes == true)
            let isWhole = try await scene.fetch("/moved", fence: 2) == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.last?.rangeStart != nil)
        }
    }

    @Test func `as long as it gets on, a download goes on within its try`() async throws {
        let resource = MediaResource(
            type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000, 100_000, 60_000])
        try await FetchScene.run(["/a": resource]) { scene async throws in
            let isWhole = try await scene.fetch("/a", fence: 1) { $0.progress = 40_000 } == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.count == 4)
        }
        // What does not get on is a try that failed.
        let slow = MediaResource(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000, 1])
        try await FetchScene.run(["/a": slow]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1) { $0.progress = 40_000 }?.passes == true)
            #expect(scene.site.requests.count == 2)
        }
        // Nor does what names no version: it would begin anew each time.
        let nameless = MediaResource(type: "audio/mpeg", body: Self.media, breaks: [100_000])
        try await FetchScene.run(["/a": nameless]) { scene async throws in
            #expect(try await scene.failure("/a", fence: 1) { $0.progress = 40_000 }?.passes == true)
            #expect(scene.site.requests.count == 1)
        }
    }

    @Test func `a head's range is read as it is written, or not at all`() throws {
        let range = try #require(ContentRange("bytes 1000-1999/5000"))
        #expect((range.start, range.end, range.total) == (1000, 1999, 5000))
        #expect(ContentRange("Bytes 0-0/*")?.total == nil)
        for text in [
            nil, "", "bytes", "bytes 1-0/5", "bytes 0-5/5", "bytes -1-2/5", "bytes 1-2", "bytes */5", "bytes 1-2/+9",
            "items 0-1/2", "bytes 0-1/2/3", "bytes 0x1-2/5", "bytes 1-99999999999999999999/5",
        ] {
            #expect(ContentRange(text) == nil, "\(text ?? "nil")")
        }
        #expect(ContentRange.total(ofUnsatisfied: "bytes */5000") == 5000)
        #expect(ContentRange.total(ofUnsatisfied: "bytes 0-1/5000") == nil)
    }
}
