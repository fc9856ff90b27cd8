import Foundation
import TestSupport
import Testing

/// Updates of yt-dlp by the real command line and the real pip, from a registry on loopback, into a folder of the test's own.
@Suite struct YtDlpCommandTests {
    private struct Row: Decodable, Equatable {
        var installed, works: Bool
        var version, pinned: String?
    }

    private static func row(_ result: Command.Result) throws -> Row {
        try JSONDecoder().decode(Row.self, from: Data(result.output.utf8))
    }

    @Test func `an update is installed, shown and written down; one that fails leaves the one in use as it is`()
        async throws
    {
        let home = try YtDlpHome()
        defer { home.remove() }
        let index = try PackageIndex()
        try home.pin(try await index.publishOthers())
        try await index.publish("2026.1.31")
        try await Operator.with { olga in
            func call(_ words: String..., index settings: [String: String]) async throws -> Command.Result {
                try await olga.call(["ytdlp"] + words, home.environment.merging(settings) { $1 })
            }
            func status() async throws -> Row { try Self.row(try await call("status", "--json", index: [:])) }
            let none = try await call("status", "--json", index: [:])
            #expect(none.status == 1)
            #expect(try Self.row(none) == Row(installed: false, works: false, version: nil, pinned: home.pinned))

            let first = try await call("update", "--version", "2026.1.31", "--json", index: index.environment)
            #expect(first.status == 0, "\(first.errors)")
            #expect(try Self.row(first) == Row(installed: true, works: true, version: "2026.1.31", pinned: home.pinned))
            #expect(try home.packages.contains("yt_dlp_ejs-0.8.0.dist-info"))
            // It names scripts of its own; what is native code stays as it is pinned.
            try await index.publish("yt-dlp-ejs", "0.9.0")
            try await index.publish("quickjs-ng", "9.9.9")
            try await index.publish("2031.1.1", naming: "0.9.0")
            let second = try await call("update", index: index.environment)
            #expect(second.status == 0, "\(second.errors)")
            #expect(second.output.contains("2031.1.1"))
            let packages = try home.packages
            for name in ["yt_dlp_ejs-0.9.0", "quickjs_ng-0.17.0.2", "pycryptodomex-3.24.2"] {
                #expect(packages.contains(name + ".dist-info"), "\(packages)")
            }
            let row = try await status()
            #expect(row == Row(installed: true, works: true, version: "2031.1.1", pinned: home.pinned))
            let names = try home.names

            try await index.publish("2031.2.2", .broken)
            try await index.publish("2031.3.3", .cut)
            try await index.publish("2031.5.5", naming: "0.10.0")
            for (version, settings, sentence) in [
                ("2031.2.2", index.environment, "does not start"),
                ("2031.3.3", index.environment, "could not be downloaded"),
                ("2031.4.4", index.environment, "knows no such version"),
                ("2031.5.5", index.environment, "knows no such version"),
                ("2031.4.4", PackageIndex.away, "could not be downloaded"),
            ] {
                let failed = try await call("update", "--version", version, index: settings)
                #expect(failed.status == 1, "\(version)")
                #expect(failed.output.isEmpty && failed.errors.contains("yt-dlp"), "\(failed.errors)")
                #expect(failed.errors.contains(sentence), "\(failed.errors)")
                #expect(failed.errors.split(separator: "\n").count == 1, "\(failed.errors)")
                #expect(try await status() == row)
                #expect(try home.names == names)
            }
            let odd = try await call("update", "--version", "1;true", index: index.environment)
            #expect(odd.status == 64)
            #expect(
                try await olga.audit().filter { $0.contains("installed") }
                    == ["2026.1.31", "2031.1.1"].map {
                        #"olga | ytdlp update | \#($0) | {"outcome": "installed"}"#
                    })

            // What sets a machine up keeps an update that is newer than what is pinned.
            let plain = try await Command.run(home.ingest + "/install", [], environment: PackageIndex.away)
            #expect(plain.status == 0, "\(plain.errors)")
            #expect(try await status() == row)
        }
    }
}
