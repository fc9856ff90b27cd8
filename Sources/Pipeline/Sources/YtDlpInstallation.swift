import Foundation
import Settings
import Subprocess
import SystemPackage

/// The installation of yt-dlp: the Python environment that `ingest/install` creates.
package struct YtDlpInstallation: Sendable {
    /// The folder `ingest`.
    package let folder: String

    package init(folder: String) { self.folder = folder }

    package var python: String { folder + "/.venv/bin/python" }
    /// The same, with the link `.venv` resolved. An update changes the link, but running processes keep the old environment.
    var currentPython: String {
        guard let environment = realpath(folder + "/.venv", nil) else { return python }
        defer { free(environment) }
        return String(cString: environment) + "/bin/python"
    }
    package var child: String { folder + "/child.py" }
    package var solver: String { folder + "/solver.py" }
    package var installer: String { folder + "/install" }

    /// Whether yt-dlp is completely installed.
    package var isComplete: Bool {
        FileManager.default.isExecutableFile(atPath: python)
            && FileManager.default.fileExists(atPath: folder + "/.venv/complete")
    }

    /// The version that `requirements.txt` pins; nil if that cannot be read.
    package var pinnedVersion: String? {
        guard let text = try? String(contentsOfFile: folder + "/requirements.txt", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("yt-dlp==") }
        return line.map { String($0.dropFirst("yt-dlp==".count).prefix { $0 != " " }) }
    }

    /// The installed version; nil if there is none.
    package var installedVersion: String? { version(of: "yt_dlp") }

    /// The version of the JavaScript interpreter; nil if it, or the scripts for it, are not installed.
    package var runtimeVersion: String? { version(of: "yt_dlp_ejs") == nil ? nil : version(of: "quickjs_ng") }

    private func version(of package: String) -> String? {
        let libraries = folder + "/.venv/lib"
        for python in (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? [] {
            let packages = "\(libraries)/\(python)/site-packages"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? []
            if let name = names.first(where: { $0.hasPrefix(package + "-") && $0.hasSuffix(".dist-info") }) {
                return String(name.dropFirst(package.count + 1).dropLast(".dist-info".count))
            }
        }
        return nil
    }
}

extension YtDlpInstallation {
    /// The installer's message about what went wrong.
    package struct UpdateFailed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Installs `version`, or the newest one in the package registry. If that fails, the installed version stays.
    package func update(to version: String?) async throws {
        // The installer must not read secrets from this process's memory, either.
        MemoryProtection.hide()
        let result = try await Subprocess.run(
            .path(FilePath(installer)), arguments: Arguments(["--update"] + (version.map { [$0] } ?? [])),
            environment: ChildEnvironment.installer.custom, output: .discarded, error: .string(limit: 1 << 20))
        guard result.terminationStatus == .exited(0) else {
            let sentence = result.standardError.split(separator: "\n").last?.trimmingPrefix("ingest: ")
            throw UpdateFailed(description: sentence.map(String.init) ?? "yt-dlp could not be installed")
        }
    }
}
