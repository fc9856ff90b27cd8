import ArgumentParser
import Foundation
import Pipeline
import Postgres
import Settings
import Tenancy

struct YtDlpUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Install a newer yt-dlp than the pinned version on this machine.",
        discussion: """
            Sites change faster than releases of Verbatim. The package comes from the registry that pip is configured for, and is not \
            checked against a hash of ours. Running workers use it from their next URL on. Each machine with workers has its own.

            Example:
              verbatim-admin ytdlp update
            """)

    @Option(help: "This version instead of the newest.")
    var version: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let isVersion = version?.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") } ?? true
        guard isVersion, version?.isEmpty != true else { throw ValidationError("--version must look like 2026.10.26.") }
    }

    func run() async throws {
        try await Operation.run { operation in
            let installation = YtDlpInstallation(folder: Installation(reader: SettingsReader()).root + "/ingest")
            func write(_ outcome: String, _ target: String) async throws {
                let entry = AuditEntry(
                    operator: change.operatorName, action: "ytdlp update", tenant: nil, target: target,
                    details: ["outcome": outcome])
                try await operation.pool.transaction { transaction in try entry.record(in: transaction) }
            }
            let wanted = version ?? "newest"
            // The package will run on this machine, so the audit log says first who wanted it.
            try await write("begun", wanted)
            do {
                try await installation.update(to: version)
            } catch {
                try await write("failed", wanted)
                throw error
            }
            let row = YtDlpRow(await installation.health())
            try await write("installed", row.version ?? wanted)
            try Output.show(row, json: output.json, text: row.text)
        }
    }
}
