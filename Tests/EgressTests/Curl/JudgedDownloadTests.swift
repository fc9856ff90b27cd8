import Egress
import Foundation
import MediaSimulator
import Synchronization
import TestSupport
import Testing

@Suite struct JudgedDownloadTests {
    /// What the judge was shown.
    private final class Seen: Sendable {
        private let beginnings = Mutex([EgressResponseHead]())
        var all: [EgressResponseHead] { beginnings.withLock { $0 } }
        func add(_ beginning: EgressResponseHead) { beginnings.withLock { $0.append(beginning) } }
    }

    private static func download(
        _ site: MediaSimulator, path: String = "/", redirects: Int = 0, _ verdict: EgressVerdict
    ) async throws -> (response: Result<EgressResponse, EgressError>, file: [UInt8], seen: [EgressResponseHead]) {
        try await TemporaryFolder.with { folder in
            let descriptor = open(folder + "/f", O_WRONLY | O_APPEND | O_CREAT, 0o600)
            defer { close(descriptor) }
            let seen = Seen()
            let response: Result<EgressResponse, EgressError> = try await withClient { client in
                do {
                    return .success(
                        try await client.download(.get(site.url + path, redirects: redirects), to: descriptor) {
                            seen.add($0)
                            return verdict
                        })
                } catch let error as EgressError {
                    return .failure(error)
                }
            }
            return (response, Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/f"))), seen.all)
        }
    }

    @Test(arguments: [0, 1, 1023, 1024, 1025, 300_000])
    func `the beginning is shown once, and nothing of the body is lost`(count: Int) async throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for framing in [MediaResource.Framing.length, .chunked, .close] {
            let site = try MediaSimulator(["/": .init(type: "audio/x", body: body, framing: framing)])
            let (response, file, seen) = try await Self.download(site, .store(limit: 300_000))
            #expect(try response.get().status == 200)
            let isWhole = file == body
            #expect(isWhole)
            #expect(seen.count == 1)
            #expect(seen[0].status == 200)
            #expect(seen[0].headers["Content-Type"] == "audio/x")
            let isBeginning = body.starts(with: seen[0].bytes)
            #expect(isBeginning)
            #expect(seen[0].bytes.count >= min(count, 1024))
        }
    }

    @Test func `what is small and wanted in memory reaches no file`() async throws {
        let site = try MediaSimulator(["/": .text(String(repeating: "x", count: 5_000))])
        let (response, file, _) = try await Self.download(site, .read(limit: 5_000))
        #expect(try response.get().body.count == 5_000)
        #expect(file.isEmpty)
        let (refused, _, _) = try await Self.download(site, .read(limit: 4_999))
        #expect(throws: EgressError.responseTooLarge(limit: 4_999)) { try refused.get() }
    }

    @Test func `what is not wanted ends at once, however much of it there is`() async throws {
        let site = try MediaSimulator(["/": .init(body: Array(repeating: 1, count: 2_000), isEndless: true)])
        let (response, file, _) = try await Self.download(site, .stop)
        #expect(throws: EgressError.unwanted) { try response.get() }
        #expect(file.isEmpty)
    }

    @Test func `the limit of the verdict holds, declared or not`() async throws {
        let body = Array(repeating: UInt8(1), count: 10_000)
        for framing in [MediaResource.Framing.length, .chunked] {
            let site = try MediaSimulator(["/": .init(body: body, framing: framing)])
            let (response, file, _) = try await Self.download(site, .store(limit: 9_999))
            #expect(throws: EgressError.responseTooLarge(limit: 9_999)) { try response.get() }
            #expect(file.count <= 9_999)
        }
    }

    @Test func `of what is wanted in part the beginning comes, and its end is no fault`() async throws {
        for count in [900, 5_000] {
            for isEndless in [false, true] {
                let site = try MediaSimulator([
                    "/": .init(body: Array(repeating: 7, count: 4_000), isEndless: isEndless)
                ])
                let (response, file, _) = try await Self.download(site, .readBeginning(limit: count))
                let body = try response.get().body
                #expect(body == Array(repeating: 7, count: isEndless ? count : min(count, 4_000)))
                #expect(file.isEmpty)
            }
        }
    }

    @Test func `a length beyond the request's limit is refused before anything is judged`() async throws {
        let site = try MediaSimulator(["/": .init(body: [1, 2, 3], framing: .lying(9_000_000_000), stalls: [3])])
        let (response, file, seen) = try await Self.download(site, .store(limit: .max))
        #expect(throws: EgressError.responseTooLarge(limit: EgressLimits.generous.responseBytes)) {
            try response.get()
        }
        #expect(file.isEmpty && seen.isEmpty)
    }

    @Test func `a failure without end is answered with its beginning, and a redirect without end is none`() async throws
    {
        let endless = MediaResource(status: 500, body: Array(repeating: 9, count: 10_000), isEndless: true)
        let site = try MediaSimulator(["/": endless])
        let (response, file, seen) = try await Self.download(site, .store(limit: 10))
        #expect(try response.get().status == 500)
        #expect(try response.get().body == Array(repeating: 9, count: 64 << 10))
        #expect(file.isEmpty && seen.isEmpty)
        site["/"] = MediaResource(
            status: 302, body: Array(repeating: 9, count: 10_000), headers: ["Location: /b"], isEndless: true)
        let (moved, _, _) = try await Self.download(site, redirects: 5, .store(limit: 10))
        #expect(throws: EgressError.responseTooLarge(limit: 1 << 20)) { try moved.get() }
        #expect(!site.requests.contains { $0.path == "/b" })
    }

    @Test func `where redirects led is told`() async throws {
        let site = try MediaSimulator([
            "/": .redirect(to: "/b/?x=1"), "/b/": .redirect(to: "../c"), "/c": .init(body: [5]),
            "/d": .redirect(to: "/e"), "/e": .init(status: 404),
        ])
        let (response, _, seen) = try await Self.download(site, redirects: 5, .store(limit: 10))
        #expect(try response.get().redirectedTo == site.url + "/c")
        #expect(seen.map(\.redirectedTo) == [site.url + "/c"])
        let (direct, _, shown) = try await Self.download(site, path: "/c", redirects: 5, .store(limit: 10))
        #expect(try direct.get().redirectedTo == nil)
        #expect(shown.map(\.redirectedTo) == [nil])
        let (refused, _, _) = try await Self.download(site, path: "/d", redirects: 5, .store(limit: 10))
        #expect(try refused.get().redirectedTo == site.url + "/e")
    }

    @Test func `neither a redirect nor a refusal is judged`() async throws {
        let site = try MediaSimulator([
            "/": .redirect(to: "/b"), "/b": .init(body: [5]), "/c": .init(status: 404, body: Array("gone".utf8)),
        ])
        let (response, file, seen) = try await Self.download(site, redirects: 1, .store(limit: 10))
        #expect(try response.get().status == 200)
        #expect(file == [5])
        #expect(seen.map(\.status) == [200])
        let (refused, _, none) = try await Self.download(site, path: "/c", .store(limit: 10))
        #expect(try refused.get().body == Array("gone".utf8))
        #expect(none.isEmpty)
    }
}
