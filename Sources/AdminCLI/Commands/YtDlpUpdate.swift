import ArgumentParser
import Foundation
import Pipeline
import Postgres
import Settings
import Tenancy

struct YtDlpUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Install a newer yt-dlp than the pinned one on this machine.",
        discussion: """
            Sites change faster than releases of Verbatim. The package comes from the registry that pip is configured for, without a hash of ours. Running workers use it from their next URL on. Each machine with workers has its own.

            Example:
              verbatim-admin ytdlp update
            """)

    @Option(help: "This version instead of the newest.")
    var version: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let isVersion = version?.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") } ?? true
        guard isVersion, version?.isEmpty != true else { throw ValidationError("--version looks like 2026.10.26.") }
    }

    func run() async throws {
        try await Operation.run { operation in
            let installation = YtDlpInstallation(folder: Installation(reader: SettingsReader()).root + "/ingest")
            try await installation.update(to: version)
            let operatorName = change.operatorName
            let row = YtDlpRow(await installation.condition())
            let target = row.version
            try await operation.pool.transaction { transaction in
                try AuditEntry(operator: operatorName, action: "ytdlp update", tenant: nil, target: target).record(
                    in: transaction)
            }
            try Output.show(row, json: output.json, text: row.text)
        }
    }
}
