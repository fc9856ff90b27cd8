import Subprocess
import SystemPackage

/// How an installation of yt-dlp fares: what operators are told of it, wherever they ask.
package struct YtDlpCondition: Sendable, Equatable {
    /// Whether all of it is there; without it a worker looks behind no page.
    package let isInstalled: Bool
    /// What is installed, and what this version of Verbatim was tried with.
    package let version, pinned: String?
    /// Whether it starts.
    package let works: Bool

    package enum Age: Sendable {
        case older, same, newer
    }

    /// Of what is installed, against what is pinned; nil while either is unknown.
    package var age: Age? {
        guard let version, let pinned else { return nil }
        let (own, wanted) = (Self.numbers(version), Self.numbers(pinned))
        if own == wanted { return .same }
        return own.lexicographicallyPrecedes(wanted) ? .older : .newer
    }

    /// `2026.03.17` is `2026.3.17`, as registries write it.
    private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }
}

extension YtDlpInstallation {
    private static let patience = Duration.seconds(60)

    /// Looks at what is installed, and has it started once.
    package func condition() async -> YtDlpCondition {
        YtDlpCondition(
            isInstalled: isComplete, version: installedVersion, pinned: pinnedVersion,
            works: isComplete ? await starts() : false)
    }

    /// Whether Python loads it, as a worker's child does before anything else: another Python than it was installed for does not.
    private func starts() async -> Bool {
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .seconds(1))]
        return await withTaskGroup(of: Bool.self) { [options] group in
            group.addTask {
                let result = try? await Subprocess.run(
                    .path(FilePath(python)), arguments: ["-I", "-B", "-c", "import yt_dlp"],
                    environment: .custom(["PATH": "/nonexistent", "LANG": "C.UTF-8"]), platformOptions: options,
                    output: .discarded, error: .discarded)
                return result?.terminationStatus == .exited(0)
            }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return false
            }
            let isWell = await group.next() ?? false
            group.cancelAll()
            return isWell
        }
    }
}
