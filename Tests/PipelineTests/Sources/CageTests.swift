import Egress
import Foundation
import Glibc
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// What the kernel does about code that was smuggled into yt-dlp's process, of which Python's audit hook hears nothing.
@Suite struct CageTests {
    private struct Result: Decodable {
        let answer: String
        let done: [String]
    }

    private static let hostile = Checkout.root + "/Tests/PipelineTests/Sources/Plugins/hostile"

    /// An installation as ours is, whose yt-dlp was taken over.
    private static func install(in folder: TemporaryFolder) throws -> YtDlpInstallation {
        let files = FileManager.default
        for name in ["child.py", "cage.py", "challenges.py", "solver.py"] {
            try files.copyItem(atPath: Checkout.root + "/ingest/" + name, toPath: folder.path + "/" + name)
        }
        let python = URL(fileURLWithPath: FetchScene.installation.python).resolvingSymlinksInPath()
        let packages = folder.path + "/.venv/lib/\(python.lastPathComponent)/site-packages"
        try files.createDirectory(atPath: packages, withIntermediateDirectories: true)
        try files.createDirectory(atPath: folder.path + "/.venv/bin", withIntermediateDirectories: true)
        try files.copyItem(atPath: hostile + "/yt_dlp", toPath: packages + "/yt_dlp")
        let script = folder.path + "/.venv/bin/python"
        try Data("#!/bin/sh\nexec '\(python.path)' -I -B -S '\(hostile)/driver.py' \"$0\" \"$4\"\n".utf8)
            .write(to: URL(fileURLWithPath: script))
        chmod(script, 0o755)
        return YtDlpInstallation(folder: folder.path)
    }

    @Test func `native code in yt-dlp's process reaches the proxy, and no port, socket, process or program`()
        async throws
    {
        let canary = try LoopbackListener { _ in }
        let (home, folder) = (try TemporaryFolder(), try TemporaryFolder())
        defer {
            home.remove()
            folder.remove()
        }
        // As a database's: whoever of this user connects is let in.
        let local = home.path + "/s"
        let listener = try LocalListener(at: local)
        try Data("secret".utf8).write(to: URL(fileURLWithPath: home.path + "/secret"))
        let place = #"{"port": \#(canary.port), "socket": "\#(local)", "secret": "\#(home.path)/secret"}"#
        try Data(place.utf8).write(to: URL(fileURLWithPath: folder.path + "/where"))
        try await FetchScene.run { scene async throws in
            let pages = scene.pages(try Self.install(in: home))
            let url = try SourceURL("https://example.org/", policy: AddressPolicy())
            _ = try? await pages.fetch(url, FetchLimits(bytes: 1_000_000, seconds: 60), into: folder.path)
        }
        let found = try JSONDecoder().decode(
            Result.self, from: Data(contentsOf: URL(fileURLWithPath: folder.path + "/result")))
        #expect(found.answer == "HTTP/1.1 407")
        let isTight = await FetchScene.installation.health().cage == .tight
        // Without Landlock the kernel bounds no files.
        #expect(found.done.filter { isTight || !$0.hasPrefix("file:") } == [])
        #expect(canary.accepts == 0)
        #expect(!listener.hasCaller)
        #expect(!FileManager.default.fileExists(atPath: home.path + "/secret-made"))
    }

    @Test func `the cage of this machine is shut, and says so`() async throws {
        let health = await FetchScene.installation.health()
        #expect(health.works)
        #expect(health.cage == .tight || health.cage == .withoutFiles)
    }

    @Test func `what lies in yt-dlp's environment is not run before the cage is shut`() async throws {
        let (home, folder) = (try TemporaryFolder(), try TemporaryFolder())
        defer {
            home.remove()
            folder.remove()
        }
        _ = try Self.install(in: home)
        let python = URL(fileURLWithPath: FetchScene.installation.python).resolvingSymlinksInPath()
        let packages = home.path + "/.venv/lib/\(python.lastPathComponent)/site-packages"
        try FileManager.default.removeItem(atPath: home.path + "/.venv/bin/python")
        try FileManager.default.createSymbolicLink(
            atPath: home.path + "/.venv/bin/python", withDestinationPath: python.path)
        try Data("home = /usr/bin\n".utf8).write(to: URL(fileURLWithPath: home.path + "/.venv/pyvenv.cfg"))
        let mark = home.path + "/ran"
        for name in ["evil.pth", "sitecustomize.py", "usercustomize.py"] {
            try Data("import os; os.mkdir('\(mark)')\n".utf8).write(to: URL(fileURLWithPath: packages + "/" + name))
        }
        try await FetchScene.run { scene async throws in
            let pages = scene.pages(YtDlpInstallation(folder: home.path))
            let url = try SourceURL("https://example.org/", policy: AddressPolicy())
            _ = try? await pages.fetch(url, FetchLimits(bytes: 1_000_000, seconds: 60), into: folder.path)
        }
        #expect(!FileManager.default.fileExists(atPath: mark))
    }
}

/// A Unix socket that listens, and tells whether anybody came.
private final class LocalListener: Sendable {
    private let descriptor: Int32

    init(at path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix(107)) + [0]) }
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0, listen(descriptor, 8) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { close(descriptor) }

    var hasCaller: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}
