import ArgumentParser
import Pipeline

/// `ytdlp`: yt-dlp on this machine, which finds the media behind web pages.
struct YtDlpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ytdlp", abstract: "yt-dlp on this machine, which finds the media behind web pages.",
        discussion: """
            Example:
              verbatim-admin ytdlp status
            """,
        subcommands: [YtDlpStatus.self, YtDlpUpdate.self])
}

struct YtDlpRow: Encodable {
    let installed, works: Bool
    /// Whether sites' JavaScript can be run.
    let javascript: Bool
    /// The installed version, and the one with which this version of Verbatim was tested.
    let version, pinned: String?

    init(_ health: YtDlpHealth) {
        installed = health.isInstalled
        works = health.works
        javascript = health.javaScript.works
        version = health.version
        pinned = health.pinned
    }

    var text: String {
        Table(
            headings: ["INSTALLED", "VERSION", "PINNED", "WORKS", "JAVASCRIPT"],
            rows: [
                [
                    installed ? "yes" : "no", version ?? "-", pinned ?? "-", works ? "yes" : "no",
                    javascript ? "yes" : "no",
                ]
            ]
        )
        .text
    }
}
