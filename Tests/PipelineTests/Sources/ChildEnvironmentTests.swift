import Egress
import Foundation
import Glibc
import Logging
import Pipeline
import Settings
import TestSupport
import Testing

/// What children get to know of the environment of who starts them.
@Suite struct ChildEnvironmentTests {
    /// A program that keeps what the kernel says its environment was, and stays or ends.
    private static func program(at path: String, ending: String) throws {
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        let text =
            "#!/bin/sh\n/bin/cat /proc/$$/environ >\(path).own && /bin/mv \(path).own \(path).environ\n\(ending)\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o755)
    }

    /// By name; nil until it is there.
    private static func environment(of path: String) -> [String: String]? {
        guard let data = FileManager.default.contents(atPath: path + ".environ") else { return nil }
        let pairs = data.split(separator: 0).map {
            String(decoding: $0, as: UTF8.self).split(separator: "=", maxSplits: 1)
        }
        return Dictionary(pairs.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { $1 }
    }

    private static let logger = Logger(label: "test") { _ in CapturedLog() }

    @Test func `each child finds in its environment what is listed for it, and nothing else`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        // Something that no child is to know is always there.
        let own = ProcessInfo.processInfo.environment
        #expect(own.keys.contains { ChildEnvironment.modelServer.variables(of: [$0: "x"]).isEmpty })

        let launcher = folder.path + "/serve"
        try Self.program(at: launcher, ending: "exec /bin/sleep 600")
        let server = try ModelServerProcess(
            configuration: .init(launcher: launcher, model: "m", workers: 1), folder: folder.path, logger: Self.logger)
        let serving = Task { try await server.run() }
        try await eventually("the model server is started") { Self.environment(of: launcher) != nil }
        serving.cancel()
        _ = try? await serving.value
        #expect(Self.environment(of: launcher) == ChildEnvironment.modelServer.variables())

        let tool = folder.path + "/media"
        try Self.program(at: tool, ending: "exit 70")
        try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/a"))
        let media = MediaToolClient(executable: tool, maxConcurrentProbes: 1, logger: Self.logger)
        await #expect(throws: MediaError.self) { _ = try await media.probe(path: folder.path + "/a") }
        // What a shell adds by itself it adds for those that it starts.
        #expect(Self.environment(of: tool) == [:])

        let installation = YtDlpInstallation(folder: folder.path + "/ingest")
        try Self.program(at: installation.python, ending: "exit 1")
        try Self.program(at: installation.installer, ending: "exit 0")
        let pages = YtDlp(installation: installation, policy: AddressPolicy(), logger: Self.logger)
        let home = try TemporaryFolder()
        defer { home.remove() }
        let url = try SourceURL("https://example.org/", policy: AddressPolicy())
        _ = try? await pages.fetch(url, FetchLimits(bytes: 1000, seconds: 60), into: home.path)
        let page = try #require(Self.environment(of: installation.python))
        #expect(page == ChildEnvironment.pages(home: home.path).variables())
        #expect(page["HOME"] == home.path && page["PATH"] == "/nonexistent")

        try await installation.update(to: nil)
        #expect(Self.environment(of: installation.installer) == ChildEnvironment.installer.variables())
    }

    private static let children: [ChildEnvironment] = [
        .modelServer, .mediaTool, .pages(home: "/h"), .solver, .installer,
    ]

    @Test(arguments: [
        "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "VERBATIM_MASTER_KEY", "VERBATIM_DATABASE_URL", "PGPASSWORD",
        "PGPASSFILE", "GITHUB_TOKEN", "LD_PRELOAD", "LD_AUDIT", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "ENV", "IFS",
        "SSH_AUTH_SOCK", "DATABASE_URL", "OPENAI_API_KEY", "ASSEMBLYAI_API_KEY", "HFX", "PIPX_HOME", "X_CUDA_",
    ])
    func `no child is told`(name: String) {
        for child in Self.children {
            #expect(child.variables(of: [name: "5ec4e7"]).values.allSatisfy { $0 != "5ec4e7" })
        }
    }

    @Test func `the model server is told of its threads, cards, caches and proxies, others are not`() {
        let own = [
            "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "0", "LD_LIBRARY_PATH": "/l",
            "HF_HOME": "/c", "https_proxy": "http://p", "LANG": "C.UTF-8", "PATH": "/bin", "HOME": "/h", "TMPDIR": "/t",
        ]
        #expect(ChildEnvironment.modelServer.variables(of: own) == own)
        #expect(ChildEnvironment.mediaTool.variables(of: own).isEmpty)
        #expect(ChildEnvironment.solver.variables(of: own.merging(["LANG": "de_DE"]) { $1 }) == ["LANG": "C.UTF-8"])
        let page = ChildEnvironment.pages(home: "/h").variables(of: own)
        #expect(page.keys.sorted() == ["HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR"])
        #expect(ChildEnvironment.installer.variables(of: own)["HF_HOME"] == nil)
    }
}
