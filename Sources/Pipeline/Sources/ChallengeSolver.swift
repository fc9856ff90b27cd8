import Glibc
import Logging
import Settings
import Subprocess
import Synchronization
import SystemPackage

/// Runs the JavaScript that a site requires before it says where its media is, in a process of its own, apart from yt-dlp's.
///
/// The process is started when yt-dlp asks for it, once per fetch. It gets one end of a pair of sockets, and yt-dlp gets the other. The process
/// limits itself (`ingest/solver.py`), and ends when yt-dlp's end is closed. ``serve()`` kills and reaps it before it returns.
final class ChallengeSolver: Sendable {
    /// CPU time per fetch. A script like YouTube's takes about 8 s, and two or three are run.
    private static let cpuSeconds = 120
    private static let memoryBytes = 1 << 30
    private static let wallSeconds = 900

    private let installation: YtDlpInstallation
    private let logger: Logger
    private let ends: AsyncStream<End>
    private let asked: AsyncStream<End>.Continuation
    private let isAsked = Atomic(false)

    /// A descriptor that is closed with its last reference, or earlier.
    private final class End: Sendable {
        private let descriptor: Mutex<Int32?>
        init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }
        deinit { close() }

        var value: Int32 { descriptor.withLock { $0 ?? -1 } }

        func close() {
            descriptor.withLock { descriptor in
                if let descriptor { Glibc.close(descriptor) }
                descriptor = nil
            }
        }
    }

    init(installation: YtDlpInstallation, logger: Logger) {
        self.installation = installation
        self.logger = logger
        (ends, asked) = AsyncStream.makeStream()
    }

    /// Whether a site required JavaScript.
    var wasAsked: Bool { isAsked.load(ordering: .relaxed) }

    /// Returns yt-dlp's end of the sockets, which the caller must close. Nil after the first call.
    func connection() -> Int32? {
        guard !isAsked.exchange(true, ordering: .relaxed) else { return nil }
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { return nil }
        asked.yield(End(pair[1]))
        return pair[0]
    }

    /// Waits until yt-dlp asks, and runs the process until it ends or the task is cancelled. Errors are not thrown, because yt-dlp notices that
    /// nobody answers.
    func serve() async {
        for await end in ends {
            guard OpenFiles.haveRoomForChild else {
                return logger.warning(
                    "the process that runs sites' JavaScript was not started: no descriptors are left")
            }
            await run(end)
            return
        }
    }

    private func run(_ end: End) async {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let bounds = [Self.cpuSeconds, Self.memoryBytes, Self.wallSeconds].map { "\($0)" }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(installation.currentPython)),
                arguments: Arguments(["-I", "-B", "-S", installation.solver] + bounds),
                environment: ChildEnvironment.solver.custom, workingDirectory: "/", platformOptions: options,
                input: .fileDescriptor(FileDescriptor(rawValue: end.value), closeAfterSpawningProcess: false),
                output: .discarded, error: .discarded
            ) { _ in
                // Otherwise yt-dlp would not see the process end.
                end.close()
            }
            if case .exited(let code) = result.terminationStatus, code == 69 || code == 70 {
                logger.warning(
                    "the process that runs sites' JavaScript could not set itself up", metadata: ["status": "\(code)"])
            }
        } catch {
            if !Task.isCancelled {
                logger.warning(
                    "the process that runs sites' JavaScript was not started", metadata: ["error": "\(error)"])
            }
        }
    }
}
