import Foundation
import Logging
import Pipeline

/// Whether the programs that a node runs are there and work, and the API's description that it serves.
struct ToolChecks: Sendable {
    let executables: String
    /// `openapi.json`.
    let document: String
    /// yt-dlp, which finds the media behind web pages.
    let pages: YtDlpInstallation
    let logger: Logger

    func run() async -> [Finding] { [await mediaTool(), await downloader(), description()] }

    private func description() -> Finding {
        guard let data = FileManager.default.contents(atPath: document),
            (try? JSONSerialization.jsonObject(with: data)) is [String: Any]
        else {
            return .fail("description", "openapi.json is not in VERBATIM_HOME, beside sql/: no API starts without it")
        }
        return .ok("description", "openapi.json is there")
    }

    private func mediaTool() async -> Finding {
        let tool = MediaToolClient(executable: executables + "/verbatim-media", maxConcurrentProbes: 1, logger: logger)
        do {
            let report = try await tool.checkSandbox()
            guard report.isTight else {
                return .fail(
                    "media tool",
                    "its sandbox is not tight on this kernel; see verbatim-media --self-check < /dev/null | cat")
            }
            return .ok(
                "media tool",
                report.own_network
                    ? "its sandbox is tight" : "its sandbox is tight, except that it has no network of its own")
        } catch {
            return .fail("media tool", "verbatim-media does not run beside verbatim-admin: \(error)")
        }
    }

    /// A node works without it, except for URLs of pages.
    private func downloader() async -> Finding {
        let health = await pages.health()
        let lost = "jobs with the address of a page fail with source_unsupported"
        guard health.isInstalled else {
            return .warn("yt-dlp", "is not installed, so \(lost): run scripts/setup, or ingest/install")
        }
        let version = health.version ?? "of an unknown version"
        if health.cage == .open {
            return .warn(
                "yt-dlp",
                "\(version) cannot be sandboxed on this machine, so \(lost): the kernel must grant system call filters (seccomp); see ingest/child.py --self-check"
            )
        }
        guard health.works else {
            return .warn(
                "yt-dlp", "\(version) does not start, so \(lost): remove ingest/.venv, then run ingest/install")
        }
        let pinned = health.pinned ?? "unknown"
        if health.age == .older {
            return .warn("yt-dlp", "\(version) works, but is older than \(pinned), which is pinned: run ingest/install")
        }
        guard case .works(let runtime) = health.javaScript else {
            let state = health.javaScript == .missing ? "is not installed" : "does not start, or is not sandboxed"
            let repair =
                health.age == .newer
                ? "run verbatim-admin ytdlp update" : "remove ingest/.venv, then run ingest/install"
            return .warn(
                "yt-dlp",
                "\(version) works, but QuickJS, which runs sites' JavaScript, \(state): YouTube and other sites that want it may fail with source_unsupported: \(repair)"
            )
        }
        let newer = health.age == .newer ? "; newer than \(pinned), which is pinned" : ""
        let files =
            health.cage == .withoutFiles
            ? "; this kernel has no Landlock, so only Python limits which files it opens" : ""
        return .ok("yt-dlp", "\(version), with QuickJS \(runtime) for sites' JavaScript, works" + newer + files)
    }
}
