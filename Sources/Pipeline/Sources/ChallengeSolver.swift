import Glibc
import Logging
import Settings
import Subprocess
import Synchronization
import SystemPackage

/// What runs the JavaScript that a site wants to be run before it tells where its media is: a process of its own, beside yt-dlp's.
///
/// It is started when yt-dlp asks for it, once for a fetch, and gets one end of a pair of sockets, of which yt-dlp is handed the other one.
/// `ingest/solver.py` bounds it from within; it ends when yt-dlp's end is closed. Whoever serves it has it killed and reaped before he returns.
final class ChallengeSolver: Sendable {
    /// Of a fetch: a script of the size that YouTube's has takes some 8 s, and two or three are run.
    private static let cpuSeconds = 120
    private static let memoryBytes = 1 << 30
    private static let wallSeconds = 900

    private let installation: YtDlpInstallation
    private let logger: Logger
    private let ends: AsyncStream<End>
    private let asked: AsyncStream<End>.Continuation
    private let isAsked = Atomic(false)

    /// A descriptor that is closed at the latest with its last reference.
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

    /// Whether a site wanted anything to be run.
    var wasAsked: Bool { isAsked.load(ordering: .relaxed) }

    /// For yt-dlp: its end, which the caller closes. Nil when it was there before.
    func connection() -> Int32? {
        guard !isAsked.exchange(true, ordering: .relaxed) else { return nil }
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { return nil }
        asked.yield(End(pair[1]))
        return pair[0]
    }

    /// Until the task is cancelled or the process has ended. No error of its own: yt-dlp sees that nobody answers.
    func serve() async {
        for await end in ends {
            guard OpenFiles.haveRoomForChild else {
                return logger.warning("what runs sites' JavaScript was not started: no descriptors are left")
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
                // Or yt-dlp would not see it end.
                end.close()
            }
            if case .exited(let code) = result.terminationStatus, code == 69 || code == 70 {
                logger.warning("what runs sites' JavaScript does not start", metadata: ["status": "\(code)"])
            }
        } catch {
            if !Task.isCancelled {
                logger.warning("what runs sites' JavaScript was not started", metadata: ["error": "\(error)"])
            }
        }
    }
}
