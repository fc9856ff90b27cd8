import Foundation
import Settings
import Subprocess
import SystemPackage

/// How an installation of yt-dlp fares: what operators are told of it, wherever they ask.
package struct YtDlpHealth: Sendable, Equatable {
    /// Whether all of it is there; without it a worker looks behind no page.
    package let isInstalled: Bool
    /// What is installed, and what this version of Verbatim was tried with.
    package let version, pinned: String?
    /// Whether it starts, in its cage.
    package let works: Bool
    /// What the kernel of this machine does for the cage; nil where that did not become known.
    package let cage: Cage?
    /// What sites' JavaScript is run by.
    package let javaScript: JavaScript

    package enum JavaScript: Sendable, Equatable {
        case works(version: String)
        case missing
        /// It does not start, is not shut in, or this yt-dlp knows no way to it.
        case broken(version: String)

        package var works: Bool { if case .works = self { true } else { false } }
    }

    package enum Cage: Sendable {
        /// All that is asked of it.
        case tight
        /// All but files: the kernel has no Landlock, and Python alone bounds what is read and written.
        case withoutFiles
        /// Something that must be refused is not, or the cage cannot be shut.
        case open
    }

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
    private static let timeout = Duration.seconds(60)

    /// Looks at what is installed, and has it started once.
    package func health() async -> YtDlpHealth {
        let own = isComplete ? await check(child) : (status: nil, report: nil)
        return YtDlpHealth(
            isInstalled: isComplete, version: installedVersion, pinned: pinnedVersion,
            works: own.status == .exited(0), cage: own.status == Self.noCage ? .open : own.report?.cage,
            javaScript: await javaScript(own.report))
    }

    /// - Parameter pages: what yt-dlp's own process told.
    private func javaScript(_ pages: Report?) async -> YtDlpHealth.JavaScript {
        guard let version = runtimeVersion, isComplete else { return .missing }
        let own = await check(solver)
        let isShut = own.report.map { $0.cage != .open } ?? false
        let works = own.status == .exited(0) && isShut && pages?.knows_javascript == true
        return works ? .works(version: version) : .broken(version: version)
    }

    /// What `child.py` and `solver.py` tell of their cages.
    private struct Report: Decodable {
        let bounds_files, refuses_socket, refuses_connect, refuses_execution, refuses_new_process: Bool
        let refuses_tracing, refuses_signals: Bool
        /// Of `solver.py`, which is sealed.
        let refuses_files, refuses_code: Bool?
        /// Of `child.py`.
        let knows_javascript: Bool?

        var cage: YtDlpHealth.Cage {
            let isShut =
                refuses_socket && refuses_connect && refuses_execution && refuses_new_process && refuses_tracing
                && refuses_signals && refuses_files != false && refuses_code != false
            return !isShut ? .open : bounds_files ? .tight : .withoutFiles
        }
    }

    /// Without a cage it does no work.
    private static let noCage = TerminationStatus.exited(70)

    /// Whether Python loads it, as a worker's child does before anything else: another Python than it was installed for does not.
    private func check(_ script: String) async -> (status: TerminationStatus?, report: Report?) {
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .seconds(1))]
        return await withTaskGroup(of: (TerminationStatus?, Report?).self) { [options] group in
            group.addTask {
                let result = try? await Subprocess.run(
                    .path(FilePath(python)), arguments: ["-I", "-B", "-S", script, "--self-check"],
                    environment: ChildEnvironment.pages(home: "/nonexistent").custom, platformOptions: options,
                    output: .string(limit: 64 << 10), error: .discarded)
                guard let result else { return (nil, nil) }
                let report = try? JSONDecoder().decode(Report.self, from: Data(result.standardOutput.utf8))
                return (result.terminationStatus, report)
            }
            group.addTask {
                try? await Task.sleep(for: Self.timeout)
                return (nil, nil)
            }
            let found = await group.next() ?? (nil, nil)
            group.cancelAll()
            return found
        }
    }
}
