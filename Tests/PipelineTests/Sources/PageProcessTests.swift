import Egress
import Foundation
import Glibc
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// The processes behind a page: none outlives its fetch.
@Suite struct PageProcessTests {
    /// Whether there is such a process, dead ones aside that nobody has buried.
    static func isRunning(_ process: Int32) -> Bool {
        guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let name = line.lastIndex(of: ")")
        else { return false }
        return !line[name...].dropFirst(2).hasPrefix("Z")
    }

    /// Who asked what lies behind the page.
    private static func asker(_ site: MediaSimulator) -> Int32? {
        let target = site.requests.last { $0.path == "/about/v" }?.target
        return target?.split(separator: "pid=").last.flatMap { Int32($0) }
    }

    private static let silent = MediaResource(type: "application/json", body: [32, 32], stalls: [1, 1, 1, 1])

    @Test func `one that hangs is gone when its time is over`() async throws {
        try await FetchScene.run(["/watch/v": .text("<html>")], wallClock: .seconds(3)) { scene async throws in
            scene.site["/about/v"] = Self.silent
            #expect(try await scene.failure("/watch/v") == .init(code: .sourceTimeout, passes: true))
            let process = try #require(Self.asker(scene.site))
            #expect(process > 1 && !Self.isRunning(process))
        }
    }

    @Test func `one whose caller no longer waits is gone with him`() async throws {
        try await FetchScene.run(["/watch/v": .text("<html>")]) { scene async throws in
            scene.site["/about/v"] = Self.silent
            let fetching = Task { try await scene.fetch("/watch/v") }
            try await eventually("the child asks") { Self.asker(scene.site) != nil }
            let process = try #require(Self.asker(scene.site))
            #expect(Self.isRunning(process))
            fetching.cancel()
            await #expect(throws: CancellationError.self) { _ = try await fetching.value }
            #expect(!Self.isRunning(process))
        }
    }

    /// An installation whose Python is a script that starts another process, tells both numbers, and stays.
    private static func withScript(
        _ script: String, _ body: (_ pages: YtDlp, _ folder: TemporaryFolder) async throws -> Void
    ) async throws {
        let (home, folder) = (try TemporaryFolder(), try TemporaryFolder())
        defer {
            home.remove()
            folder.remove()
        }
        let bin = home.path + "/.venv/bin"
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        let text = "#!/bin/sh\n/bin/sleep 600 &\necho $$ $! >p && /bin/mv p processes\n\(script)\nwait\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: bin + "/python"))
        chmod(bin + "/python", 0o755)
        try await FetchScene.run { scene async throws in
            try await body(scene.pages(YtDlpInstallation(folder: home.path)), folder)
        }
    }

    private static func processes(_ folder: TemporaryFolder) -> [Int32] {
        let text = (try? String(contentsOfFile: folder.path + "/processes", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    private static func fetch(_ pages: YtDlp, _ folder: TemporaryFolder) async throws -> String {
        let url = try SourceURL("https://example.org/", policy: AddressPolicy())
        return try await pages.fetch(url, FetchLimits(bytes: 1_000_000, seconds: 60), into: folder.path)
    }

    @Test func `whatever it had started goes with it`() async throws {
        try await Self.withScript("") { pages, folder async throws in
            let fetching = Task { try await Self.fetch(pages, folder) }
            try await eventually("both run") { Self.processes(folder).filter(Self.isRunning).count == 2 }
            fetching.cancel()
            await #expect(throws: CancellationError.self) { _ = try await fetching.value }
            try await eventually("both are gone") { !Self.processes(folder).contains(where: Self.isRunning) }
        }
    }

    @Test func `files that are small enough each but not together end it, with whatever it had started`() async throws {
        // Each is within what a child of ours may write into one file, and so is half of them.
        try await Self.withScript("/usr/bin/truncate -s 6M one && /usr/bin/truncate -s 6M two") {
            pages, folder async throws in
            await #expect {
                _ = try await Self.fetch(pages, folder)
            } throws: { $0 as? JobFailure == .sourceTooLarge }
            #expect(Self.processes(folder).count == 2)
            try await eventually("both are gone") { !Self.processes(folder).contains(where: Self.isRunning) }
        }
        try await Self.withScript("/usr/bin/truncate -s 6M one && kill $!") { pages, folder async throws in
            await #expect {
                _ = try await Self.fetch(pages, folder)
            } throws: { $0 as? JobFailure == .sourceUnsupported(.noMedia) }
        }
    }
}
