import Foundation
import Settings
import Subprocess
import SystemPackage

extension YtDlpInstallation {
    /// The installer's own sentence of what went wrong.
    package struct UpdateFailed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Installs the newest version that the package registry has, or that one. What is installed stays when that fails.
    package func update(to version: String?) async throws {
        // Neither may it look for them where they came from.
        OwnMemory.hide()
        let result = try await Subprocess.run(
            .path(FilePath(installer)), arguments: Arguments(["--update"] + (version.map { [$0] } ?? [])),
            environment: .custom(Self.environment), output: .discarded, error: .string(limit: 1 << 20))
        guard result.terminationStatus == .exited(0) else {
            let sentence = result.standardError.split(separator: "\n").last?.trimmingPrefix("ingest: ")
            throw UpdateFailed(description: sentence.map(String.init) ?? "yt-dlp could not be installed")
        }
    }

    /// What pip needs to find its registry. What it installs is run, and it is a stranger's: nothing of our settings.
    private static var environment: [Environment.Key: String] {
        let names: Set = [
            "PATH", "HOME", "LANG", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE",
            "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
        ]
        return ProcessInfo.processInfo.environment.reduce(into: [:]) { kept, variable in
            if names.contains(variable.key.uppercased()) || variable.key.hasPrefix("PIP_") {
                kept[Environment.Key(stringLiteral: variable.key)] = variable.value
            }
        }
    }
}
