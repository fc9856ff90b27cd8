import Egress
import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// What one claim leaves to the next.
@Suite struct PartialFileTests {
    private static let media = FetchScene.anything

    private static func run(
        _ resource: MediaResource = .init(type: "audio/mpeg", body: media, tag: "\"v1\""),
        _ body: (FetchScene) async throws -> Void
    ) async throws {
        try await FetchScene.run(["/a": resource]) { scene async throws in try await body(scene) }
    }

    private static func names(_ scene: FetchScene) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: scene.downloads))
    }

    @Test func `what came whole is not asked for again, also when the first claim did away with it`() async throws {
        for (isHeld, requests) in [(true, 1), (false, 2)] {
            try await Self.run { scene async throws in
                let source = try await scene.source(from: scene.site.url + "/a", fence: 1)
                if isHeld { source.hold() }
                try FileManager.default.removeItem(atPath: source.path)
                let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
                #expect(isWhole)
                #expect(scene.site.requests.count == requests)
            }
        }
        // Nor does it need a name of its version for that.
        try await Self.run(.init(type: "audio/mpeg", body: Self.media)) { scene async throws in
            _ = try await scene.fetch("/a", fence: 1)
            let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.count == 1)
            #expect(try Self.names(scene).allSatisfy { $0.hasPrefix("2-") })
        }
    }

    @Test func `what is shorter than its note says is not whole`() async throws {
        try await Self.run { scene async throws in
            let path = try await scene.source(from: scene.site.url + "/a", fence: 1).path
            #expect(truncate(path, 1_000) == 0)
            let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map(\.rangeStart) == [nil, nil])
        }
    }

    @Test func `where the disk has no room for a copy, the part is given up and the source begins anew`() async throws {
        try await Self.run(.init(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", breaks: [100_000])) {
            scene async throws in
            #expect(try await scene.failure("/a", fence: 1)?.passes == true)
            let part = try #require(try Self.names(scene).first { !$0.hasSuffix(".json") })
            // Longer than the disk, and made of nothing.
            var room = statvfs()
            #expect(statvfs(scene.downloads, &room) == 0)
            let more = off_t(room.f_blocks) * off_t(room.f_frsize) + (1 << 30)
            #expect(truncate(scene.downloads + "/" + part, more) == 0)
            let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
            #expect(isWhole)
            #expect(scene.site.requests.map(\.rangeStart) == [nil, nil])
            #expect(try Self.names(scene).allSatisfy { $0.hasPrefix("2-") })
        }
    }

    @Test func `files without a note go first, and those of a later claim are left alone`() async throws {
        try await Self.run { scene async throws in
            try FileManager.default.createDirectory(atPath: scene.downloads, withIntermediateDirectories: true)
            for name in ["3-0", "9-0", "9-0.json", "9-1"] {
                try Data([7]).write(to: URL(fileURLWithPath: scene.downloads + "/" + name))
            }
            let isWhole = try await scene.fetch("/a", fence: 5) == Self.media
            #expect(isWhole)
            #expect(try Self.names(scene) == ["5-1", "5-1.json", "9-0", "9-0.json", "9-1"])
        }
    }

    @Test func `a late writer beside the new claim harms neither`() async throws {
        let resource = MediaResource(type: "audio/mpeg", body: Self.media, tag: "\"v1\"", stalls: [100_000])
        try await Self.run(resource) { scene async throws in
            async let late = scene.failure("/a", fence: 1) {
                $0.minimumRate = .init(bytesPerSecond: 1, over: .seconds(20))
                $0.wallClock = .seconds(4)
            }
            try await eventually("the first has begun") {
                (try? Self.names(scene).isSuperset(of: ["1-1", "1-1.json"])) == true
            }
            let isWhole = try await scene.fetch("/a", fence: 2) == Self.media
            #expect(isWhole)
            #expect(try await late?.passes == true)
            #expect(try Self.names(scene).allSatisfy { $0.hasPrefix("2-") })
        }
    }
}
