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
            environment: ChildEnvironment.installer.custom, output: .discarded, error: .string(limit: 1 << 20))
        guard result.terminationStatus == .exited(0) else {
            let sentence = result.standardError.split(separator: "\n").last?.trimmingPrefix("ingest: ")
            throw UpdateFailed(description: sentence.map(String.init) ?? "yt-dlp could not be installed")
        }
    }
}
