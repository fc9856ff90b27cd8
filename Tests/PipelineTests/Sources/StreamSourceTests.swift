import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Media in pieces behind a page: yt-dlp puts them together itself, and all of them or none.
@Suite struct StreamSourceTests {
    private static let pieces = (UInt8(1)...4).map { [UInt8](repeating: $0, count: 50_000) }
    private static let whole = pieces.flatMap { $0 }

    /// - Parameter third: what the playlist says is its third piece.
    private static func run(
        third: String = "SITE/piece3", protocol name: String = "m3u8_native", key: String = "",
        _ body: (FetchScene) async throws -> Void
    ) async throws {
        try await FetchScene.run(["/watch/v": .text("<!doctype html>")]) { scene async throws in
            let about =
                #"{"title":"T","formats":[{"format_id":"a","url":"SITE/list.m3u8","ext":"aac","protocol":"\#(name)","vcodec":"none"}]}"#
            let lines = ["SITE/piece1", "SITE/piece2", third, "SITE/piece4"].map { "#EXTINF:5,\n\($0)\n" }
            let list = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n\(key)" + lines.joined() + "#EXT-X-ENDLIST\n"
            scene.site["/about/v"] = .text(about.replacing("SITE", with: scene.site.url), type: "application/json")
            scene.site["/list.m3u8"] = .text(
                list.replacing("SITE", with: scene.site.url), type: "application/vnd.apple.mpegurl")
            for (number, piece) in pieces.enumerated() {
                scene.site["/piece\(number + 1)"] = .init(type: "audio/aac", body: piece)
            }
            try await body(scene)
        }
    }

    private static func wasAsked(_ site: MediaSimulator, for path: String) -> Bool {
        site.requests.contains { $0.path == path }
    }

    @Test(arguments: ["m3u8_native", "m3u8"])
    func `its pieces come in order, also where ffmpeg would be preferred`(name: String) async throws {
        try await Self.run(protocol: name) { scene async throws in
            let isWhole = try await scene.fetch("/watch/v") == Self.whole
            #expect(isWhole)
        }
    }

    @Test(arguments: [
        (404, "source_not_found", false), (403, "source_requires_login", false), (503, "transient_error", true),
    ])
    func `one without a piece is none`(status: Int, code: String, passes: Bool) async throws {
        try await Self.run { scene async throws in
            scene.site["/piece3"] = .init(status: status)
            let failure = try await scene.failure("/watch/v")
            #expect(failure?.code.rawValue == code)
            #expect(failure?.passes == passes)
            #expect(!Self.wasAsked(scene.site, for: "/piece4"))
        }
    }

    @Test func `a piece of this machine's files is none`() async throws {
        try await Self.run(third: "file:///etc/hostname") { scene async throws in
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceUnsupported, reason: "no_media"))
        }
    }

    @Test func `a piece that the list holds itself is asked of nobody`() async throws {
        try await Self.run(third: "data:audio/aac;base64,AwMD") { scene async throws in
            let isWhole =
                try await scene.fetch("/watch/v") == Self.pieces[0] + Self.pieces[1] + [3, 3, 3] + Self.pieces[3]
            #expect(isWhole)
            #expect(!Self.wasAsked(scene.site, for: "/piece3"))
        }
    }

    @Test func `a piece at an address that is not public is refused`() async throws {
        let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
        try await Self.run(third: "http://127.0.0.2:\(canary.port)/piece3") { scene async throws in
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceURLRefused))
        }
        #expect(canary.accepts == 0)
    }

    @Test func `encrypted pieces are decrypted with the list's key`() async throws {
        try await Self.run(key: #"#EXT-X-KEY:METHOD=AES-128,URI="SITE/key",IV=0x00000000000000000000000000000000\#n"#) {
            scene async throws in
            let key = [UInt8](0..<16)
            scene.site["/key"] = .init(type: "application/octet-stream", body: key)
            let hex = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            for number in 1...4 {
                let file = scene.folder.path + "/piece\(number)"
                try Data(Self.pieces[number - 1]).write(to: URL(fileURLWithPath: file))
                let result = try await Command.run(
                    "openssl",
                    [
                        "enc", "-aes-128-cbc", "-K", hex, "-iv", String(repeating: "0", count: 32), "-in", file, "-out",
                        file + ".encrypted",
                    ])
                try #require(result.status == 0, "\(result.errors)")
                scene.site["/piece\(number)"]?.body = Array(
                    try Data(contentsOf: URL(fileURLWithPath: file + ".encrypted")))
            }
            let isWhole = try await scene.fetch("/watch/v") == Self.whole
            #expect(isWhole)
        }
    }

    /// Python alone decrypts a tenth of a megabyte in a second, and would be at it for minutes.
    @Test func `an hour of encrypted sound is decrypted as fast as it comes`() async throws {
        try await Self.run(key: #"#EXT-X-KEY:METHOD=AES-128,URI="SITE/key",IV=0x00000000000000000000000000000000\#n"#) {
            scene async throws in
            scene.site["/key"] = .init(type: "application/octet-stream", body: [UInt8](repeating: 0, count: 16))
            // What it decrypts to matters to nobody here, but for the last block, which says how much of it is none.
            let file = scene.folder.path + "/long"
            try Data(count: 8_000_000).write(to: URL(fileURLWithPath: file))
            let result = try await Command.run(
                "openssl",
                [
                    "enc", "-aes-128-cbc", "-K", String(repeating: "0", count: 32), "-iv",
                    String(repeating: "0", count: 32), "-in", file, "-out", file + ".encrypted",
                ])
            try #require(result.status == 0, "\(result.errors)")
            let long = Array(try Data(contentsOf: URL(fileURLWithPath: file + ".encrypted")))
            for number in 1...4 { scene.site["/piece\(number)"]?.body = long }
            #expect(try await scene.fetch("/watch/v", bytes: 40_000_000).count == 32_000_000)
        }
    }

    @Test func `of a recording in several parts no part passes for the whole`() async throws {
        try await Self.run { scene async throws in
            func about(_ parts: Int) -> MediaResource {
                let part = #"{"url":"\#(scene.site.url)/piece1","ext":"aac"}"#
                return .text(
                    #"{"parts":[\#(Array(repeating: part, count: parts).joined(separator: ","))]}"#,
                    type: "application/json")
            }
            scene.site["/about/v"] = about(2)
            await #expect(throws: JobFailure.sourceInParts) { _ = try await scene.fetch("/watch/v") }
            #expect(!Self.wasAsked(scene.site, for: "/piece1"))
            scene.site["/about/v"] = about(1)
            #expect(try await scene.fetch("/watch/v") == Self.pieces[0])
        }
    }

    @Test func `what only ffmpeg could join is unsupported, though ffmpeg is there`() async throws {
        #expect(try await Command.run("ffmpeg", ["-version"]).status == 0)
        try await Self.run(key: #"#EXT-X-KEY:METHOD=SAMPLE-AES,URI="SITE/key"\#n"#) { scene async throws in
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceUnsupported, reason: "no_media"))
            #expect(!Self.wasAsked(scene.site, for: "/piece1"))
        }
    }

    @Test func `of a file, only a part of which is meant, nothing is fetched`() async throws {
        try await Self.run { scene async throws in
            scene.site["/about/v"] = .text(
                #"{"url":"\#(scene.site.url)/piece1","ext":"aac","title":"T","section_start":1,"section_end":2}"#,
                type: "application/json")
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceUnsupported, reason: "no_media"))
            #expect(!Self.wasAsked(scene.site, for: "/piece1"))
        }
    }
}
