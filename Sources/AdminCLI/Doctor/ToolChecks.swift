import Foundation
import Logging
import Pipeline

/// Whether the programs that a node runs are there and do as they must.
struct ToolChecks: Sendable {
    let executables: String
    let path: String
    let logger: Logger

    func run() async -> [Finding] { [await mediaTool(), downloader()] }

    private func mediaTool() async -> Finding {
        let tool = MediaTool(executable: executables + "/verbatim-media", maxConcurrentProbes: 1, logger: logger)
        do {
            let report = try await tool.checkSandbox()
            guard report.isTight else {
                return .fail(
                    "media tool",
                    "its sandbox is not tight on this kernel; see verbatim-media --self-check < /dev/null | cat")
            }
            return .ok(
                "media tool",
                report.own_network ? "its sandbox is tight" : "its sandbox is tight, but for a network of its own")
        } catch {
            return .fail("media tool", "verbatim-media does not run beside verbatim-admin: \(error)")
        }
    }

    private func downloader() -> Finding {
        let found = path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/yt-dlp")
        }
        return found
            ? .ok("yt-dlp", "is there")
            : .warn("yt-dlp", "is not in PATH: jobs with the address of a video page will fail; pip install yt-dlp")
    }
}
