import ArgumentParser
import Foundation
import Pipeline
import Settings

struct YtDlpStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show which yt-dlp is installed on this machine.",
        discussion: """
            It is also started once. Exit status 1 if there is none or it does not start: URLs of pages are rejected then.

            Example:
              verbatim-admin ytdlp status
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let reader = SettingsReader()
        let installation = YtDlpInstallation(folder: Installation(reader: reader).root + "/ingest")
        do {
            try reader.finish()
        } catch {
            FileHandle.standardError.write(Data("verbatim-admin: \(error)\n".utf8))
            throw ExitCode.failure
        }
        let row = YtDlpRow(await installation.health())
        try Output.show(row, json: output.json, text: row.text)
        if !row.works { throw ExitCode.failure }
    }
}
