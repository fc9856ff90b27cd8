import Foundation
import Settings
import Subprocess
import SystemPackage

/// The state of an installation of yt-dlp, for operators.
package struct YtDlpHealth: Sendable, Equatable {
    /// Whether it is completely installed. Otherwise workers cannot find media in web pages.
    package let isInstalled: Bool
    /// The installed version, and the one with which this version of Verbatim was tested.
    package let version, pinned: String?
    /// Whether it starts in its sandbox.
    package let works: Bool
    /// How well this machine's kernel supports the sandbox; nil if that is unknown.
    package let cage: Cage?
    /// The state of the JavaScript interpreter.
    package let javaScript: JavaScript

    package enum JavaScript: Sendable, Equatable {
        case works(version: String)
        case missing
        /// It does not start, its sandbox does not work, or this version of yt-dlp cannot use it.
        case broken(version: String)

        package var works: Bool { if case .works = self { true } else { false } }
    }

    package enum Cage: Sendable {
        /// The sandbox works completely.
        case tight
        /// It works except for files: the kernel has no Landlock, so only Python limits which files are read and written.
        case withoutFiles
        /// Something that must be refused is allowed, or the sandbox cannot be entered.
        case open
    }

    package enum Age: Sendable {
        case older, same, newer
    }

    /// Whether the installed version is older or newer than the pinned one; nil if one of them is unknown.
    package var age: Age? {
        guard let version, let pinned else { return nil }
        let (own, wanted) = (Self.numbers(version), Self.numbers(pinned))
        if own == wanted { return .same }
        return own.lexicographicallyPrecedes(wanted) ? .older : .newer
    }

    /// `2026.03.17` and `2026.3.17`, the form in registries, are the same version.
    private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }
}

extension YtDlpInstallation {
    private static let timeout = Duration.seconds(60)

    /// Checks what is installed, and starts it once.
    package func health() async -> YtDlpHealth {
        let own = isComplete ? await check(child) : (status: nil, report: nil)
        return YtDlpHealth(
            isInstalled: isComplete, version: installedVersion, pinned: pinnedVersion,
            works: own.status == .exited(0), cage: own.status == Self.noCage ? .open : own.report?.cage,
            javaScript: await javaScript(own.report))
    }

    /// - Parameter pages: the report of yt-dlp's process.
    private func javaScript(_ pages: Report?) async -> YtDlpHealth.JavaScript {
        guard let version = runtimeVersion, isComplete else { return .missing }
        let own = await check(solver)
        let isShut = own.report.map { $0.cage != .open } ?? false
        let works = own.status == .exited(0) && isShut && pages?.knows_javascript == true
        return works ? .works(version: version) : .broken(version: version)
    }

    /// The report of `child.py` and `solver.py` about their sandboxes.
    private struct Report: Decodable {
        let bounds_files, refuses_socket, refuses_connect, refuses_execution, refuses_new_process: Bool
        let refuses_tracing, refuses_signals: Bool
        /// Only of `solver.py`, which is sealed.
        let refuses_files, refuses_code: Bool?
        /// Only of `child.py`.
        let knows_javascript: Bool?

        var cage: YtDlpHealth.Cage {
            let isShut =
                refuses_socket && refuses_connect && refuses_execution && refuses_new_process && refuses_tracing
                && refuses_signals && refuses_files != false && refuses_code != false
            return !isShut ? .open : bounds_files ? .tight : .withoutFiles
        }
    }

    /// The status with which a child exits if its sandbox does not work.
    private static let noCage = TerminationStatus.exited(70)

    /// Starts a script for a self-check, in the same way as a worker. This fails if Python was upgraded since the installation.
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
