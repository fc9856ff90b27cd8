import Addresses
import Egress
import Foundation
import MediaSimulator
import Pipeline
import Synchronization
import TestSupport
import Testing

/// Sources that lead where they must not only once they are looked at: by redirects, by feeds, by what yt-dlp finds. The site is at 127.0.0.9
/// and may be reached; a canary listens on all addresses of this machine, and hears nothing.
@Suite struct HostileSourceTests {
    private static let address = "127.0.0.9"

    private static func run(resolver: NameResolver? = nil, _ body: (FetchScene) async throws -> Void) async throws {
        try await FetchScene.run(at: address, allowed: address, resolver: resolver, body)
    }

    /// What may come of such a URL: a plain one is refused, and nothing else. The odd ones are refused too; or they are relative, and
    /// nothing lies there at the site; or they are no URLs; or they end in a dot, and no resolver here knows such a name.
    private static func ends(of url: String, _ port: UInt16) -> [JobFailure.Code] {
        let isDotted = url.contains(".:")
        if !isDotted, url.hasPrefix("http://"), url.hasSuffix(":\(port)/a.mp3") { return [.sourceURLRefused] }
        return [.sourceURLRefused, .sourceNotFound, .sourceUnsupported] + (isDotted ? [.transientError] : [])
    }

    @Test func `a source that redirects to any of them is given up`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        try await Self.run { scene async throws in
            for (number, url) in HostileURLs.all(port: canary.port).enumerated() {
                scene.site["/out"] = .redirect(to: url, status: [301, 302, 303, 307, 308][number % 5])
                let failure = try await scene.failure("/out")
                #expect(
                    failure.map { Self.ends(of: url, canary.port).contains($0.code) } == true,
                    "\(url): \(String(describing: failure))")
            }
        }
        #expect(canary.accepts == 0)
    }

    @Test func `of a feed whose newest episode is any of them, nothing is fetched`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        try await Self.run { scene async throws in
            for url in HostileURLs.all(port: canary.port) {
                scene.site["/feed"] = .text(
                    "<rss><channel><item><enclosure url='\(url)'/></item></channel></rss>", type: "application/rss+xml")
                let failure = try await scene.failure("/feed")
                #expect(
                    failure.map { Self.ends(of: url, canary.port).contains($0.code) } == true,
                    "\(url): \(String(describing: failure))")
            }
        }
        #expect(canary.accepts == 0)
    }

    /// `n0.rebinding.example`, `n1.…`: names that lead to their addresses.
    private static let names = NameResolver { name in
        guard name.hasSuffix(".rebinding.example"), let number = Int(name.prefix { $0 != "." }.dropFirst()) else {
            return NameResolver.system.addresses(name)
        }
        return [HostileURLs.addresses[number]].compactMap(IPAddress.init)
    }

    @Test func `yt-dlp reaches none of them: named, redirected to, or behind a name`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        let direct = HostileURLs.all(port: canary.port)
        try await Self.run(resolver: Self.names) { scene async throws in
            for (number, url) in direct.enumerated() {
                scene.site["/moved/\(number)"] = .redirect(to: url, status: [301, 302, 303, 307, 308][number % 5])
            }
            let redirected = direct.indices.map { "\(scene.site.url)/moved/\($0)" }
            let named = HostileURLs.addresses.indices.map { "http://n\($0).rebinding.example:\(canary.port)/a.mp3" }
            let urls = direct + redirected + named
            let list = String(decoding: try JSONEncoder().encode(urls), as: UTF8.self)
            scene.site["/wander/v"] = .text("<!doctype html>")
            scene.site["/list/v"] = .text(list, type: "application/json")
            scene.site["/report"] = .text("thanks")
            #expect(try await scene.failure("/wander/v") == .init(code: .sourceURLRefused))
            let report = try #require(scene.site.requests.first { $0.path == "/report" })
            // What holds its own answer asks nobody.
            let data = try #require(direct.firstIndex { $0.hasPrefix("data:") })
            #expect(report.target == "/report?\(urls.count):\(data)")
            #expect(
                redirected.indices.allSatisfy { number in
                    scene.site.requests.contains { $0.path == "/moved/\(number)" }
                })
        }
        #expect(canary.accepts == 0)
    }

    @Test(arguments: ["http://127.0.0.1:PORT/a.mp3", "http://n0.rebinding.example:PORT/a.mp3", "SITE/moved.mp3"])
    func `media behind a page that lie at one of them are not downloaded`(media: String) async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        try await Self.run(resolver: Self.names) { scene async throws in
            let url = media.replacing("SITE", with: scene.site.url).replacing("PORT", with: "\(canary.port)")
            scene.site["/moved.mp3"] = .redirect(to: "http://[::ffff:127.0.0.1]:\(canary.port)/a.mp3")
            scene.site["/watch/v"] = .text("<!doctype html>")
            scene.site["/about/v"] = .text(#"{"url":"\#(url)","ext":"mp3"}"#, type: "application/json")
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceURLRefused))
            #expect(scene.site.requests.contains { $0.path == "/about/v" })
        }
        #expect(canary.accepts == 0)
    }

    @Test func `a page's name that leads elsewhere by the time of the download is judged again`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        // The service looks for it once, yt-dlp for what it is about; then for the media.
        let left = Mutex(2)
        let resolver = NameResolver { _ in
            let isOurs = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return [isOurs ? Self.address : "127.0.0.1"].compactMap(IPAddress.init)
        }
        try await Self.run(resolver: resolver) { scene async throws in
            scene.site["/watch/v"] = .text("<!doctype html>")
            scene.site["/about/v"] = .text(
                #"{"url":"http://rebinding.example:\#(canary.port)/a.mp3","ext":"mp3"}"#, type: "application/json")
            let page = "http://rebinding.example:\(scene.site.port)/watch/v"
            #expect(try await scene.failure(of: page) == .init(code: .sourceURLRefused))
            #expect(scene.site.requests.map(\.path) == ["/watch/v", "/about/v"])
        }
        #expect(canary.accepts == 0)
    }
}
