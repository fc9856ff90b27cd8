import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// `verbatim-admin ytdlp update` before an installer of the test's own: what it hands on, and what it writes down.
@Suite struct YtDlpUpdateTests {
    /// A folder for `VERBATIM_HOME` whose installer writes down what it is given, then does `ending`.
    private static func withHome(_ ending: String, _ body: (TemporaryFolder) async throws -> Void) async throws {
        let home = try TemporaryFolder()
        defer { home.remove() }
        for name in ["sql", "inference"] {
            try FileManager.default.createSymbolicLink(
                atPath: home.path + "/" + name, withDestinationPath: Checkout.root + "/" + name)
        }
        try FileManager.default.createDirectory(atPath: home.path + "/ingest", withIntermediateDirectories: false)
        let installer = home.path + "/ingest/install"
        let script = "#!/bin/sh\nenv >\"$0.environment\"\necho \"$@\" >\"$0.arguments\"\n\(ending)\n"
        try Data(script.utf8).write(to: URL(fileURLWithPath: installer))
        chmod(installer, 0o755)
        try await body(home)
    }

    private static func given(_ what: String, _ home: TemporaryFolder) throws -> String {
        try String(contentsOfFile: home.path + "/ingest/install." + what, encoding: .utf8)
    }

    @Test func `what it installs learns nothing of our settings, and the log has the beginning before the end`()
        async throws
    {
        try await Self.withHome("exit 0") { home async throws in
            try await Operator.with { olga async throws in
                let settings = [
                    "VERBATIM_HOME": home.path, "VERBATIM_MASTER_KEY": "5ec4e7", "PGPASSWORD": "5ec4e7",
                    "AWS_SECRET_ACCESS_KEY": "5ec4e7", "PIP_INDEX_URL": "http://index.example/", "LANG": "C.UTF-8",
                    "https_proxy": "http://proxy.example/",
                ]
                let result = try await olga.call(["ytdlp", "update", "--version", "2031.1.1"], settings)
                #expect(result.status == 0, "\(result.errors)")
                #expect(try Self.given("arguments", home) == "--update 2031.1.1\n")
                let environment = try Self.given("environment", home)
                #expect(!environment.contains("5ec4e7") && !environment.contains("VERBATIM_"))
                #expect(!environment.contains(olga.tenants.database.url))
                for line in [
                    "PIP_INDEX_URL=http://index.example/", "https_proxy=http://proxy.example/", "LANG=C.UTF-8",
                ] {
                    #expect(environment.contains(line))
                }
                #expect(
                    try await olga.audit() == [
                        #"olga | ytdlp update | 2031.1.1 | {"outcome": "begun"}"#,
                        #"olga | ytdlp update | 2031.1.1 | {"outcome": "installed"}"#,
                    ])
            }
        }
    }

    @Test func `one that fails is written down, and one that cannot be written down is not begun`() async throws {
        try await Self.withHome("echo 'ingest: the disk is full.' >&2; exit 1") { home async throws in
            try await Operator.with { olga async throws in
                let result = try await olga.call(["ytdlp", "update"], ["VERBATIM_HOME": home.path])
                #expect(result.status == 1)
                #expect(result.errors.contains("the disk is full"))
                #expect(
                    try await olga.audit() == [
                        #"olga | ytdlp update | newest | {"outcome": "begun"}"#,
                        #"olga | ytdlp update | newest | {"outcome": "failed"}"#,
                    ])
                try FileManager.default.removeItem(atPath: home.path + "/ingest/install.arguments")
                try await olga.tenants.owner.execute("ALTER TABLE audit_log RENAME TO audit_log_elsewhere")
                let unheard = try await olga.call(["ytdlp", "update"], ["VERBATIM_HOME": home.path])
                #expect(unheard.status == 1)
                #expect(!FileManager.default.fileExists(atPath: home.path + "/ingest/install.arguments"))
            }
        }
    }
}
