import FoundationEssentials
import Glibc
import Logging
import Settings
import Subprocess
import SystemPackage
import Tenancy

/// The door to `verbatim-media`, the one process that lets libav see a stranger's bytes.
///
/// Every call starts a child with an empty environment, whose only input is the opened file and whose own sandbox lets
/// it open nothing else. A child that is silent for too long, whose caller is cancelled, or whose output nobody wants
/// any more is killed at once and reaped before the call returns. Whatever hostile bytes do to the child, the caller
/// sees a `MediaError`.
package struct MediaToolClient: Sendable {
    /// How long a child may go without giving a byte, in wall-clock time, before it is killed.
    package struct Timeouts: Sendable {
        /// For a probe, which answers once, at its end.
        package var probe: Duration
        /// For decoding; time that the sink takes does not count.
        package var decode: Duration

        package init(probe: Duration = .seconds(90), decode: Duration = .seconds(120)) {
            self.probe = probe
            self.decode = decode
        }
    }

    private let executable: String
    private let timeout: Timeouts
    private let probes: AsyncSemaphore
    private let logger: Logger
    /// What was spent on files that were refused, by account.
    package let refusals: RefusalBudget

    /// - Parameters:
    ///   - executable: Path of `verbatim-media`.
    ///   - maxConcurrentProbes: How many probes run at a time, at least 1; further ones wait, and tenants take turns.
    ///   - maxWaitingProbes: How many may wait; one more throws `MediaError.overloaded`.
    package init(
        executable: String, maxConcurrentProbes: Int, maxWaitingProbes: Int = 256, timeout: Timeouts = Timeouts(),
        refusals: RefusalBudget = RefusalBudget(), logger: Logger
    ) {
        self.executable = executable
        self.timeout = timeout
        self.refusals = refusals
        self.logger = logger
        probes = AsyncSemaphore(width: maxConcurrentProbes, maxWaiting: maxWaitingProbes)
    }
}

extension MediaToolClient {
    /// More than the JSON of a probe could ever be, in bytes.
    private static let reportLimit = 65_536
    /// Files that claim at most so many seconds are decoded whole.
    package static let wholeSeconds: Int64 = 600
    /// CPU seconds for decoding the ten minutes that are decoded whole, several times over.
    private static let probeCPUSeconds = 60

    /// Looks at a file: what it is, how long, and whether anything is to be heard.
    ///
    /// Waits for a free place first, in turns with other tenants. Files that claim at most `decodeUpTo` seconds are decoded whole.
    ///
    /// - Parameters:
    ///   - path: A regular file; its name does not matter.
    ///   - tenant: Whose file it is; nil for our own.
    ///   - spent: Told what processor time it took, whatever came of it.
    /// - Throws: `MediaError`; `CancellationError`.
    nonisolated(nonsending) package func probe(
        path: String, of tenant: TenantID? = nil, decodeUpTo seconds: Int = Int(wholeSeconds),
        spent: (Duration) -> Void = { _ in }
    ) async throws -> MediaProbe {
        try await probes.pass(of: tenant) {
            var report: [UInt8] = []
            _ = try await run(
                ["probe", "--decode-up-to", "\(seconds)", "--cpu-seconds", "\(Self.probeCPUSeconds)"], path: path,
                timeout: timeout.probe, spent: spent
            ) { bytes in
                guard report.count + bytes.count <= Self.reportLimit else {
                    throw MediaError.toolFailed("the probe wrote too much")
                }
                report += bytes
            }
            return try Self.decodeJSON(MediaProbe.self, from: report)
        }
    }

    /// Looks at a recording that somebody sent, or that was fetched for them, and refuses what is not to be taken: what holds no sound, and
    /// what is longer than a plan allows.
    ///
    /// - Parameters:
    ///   - path: A regular file; its name does not matter.
    ///   - tenant: Whose recording it is.
    ///   - longest: The plan's limit, in seconds.
    ///   - affordable: No more of it is decoded than the month covers, in seconds; nil: that is not asked yet.
    ///   - spent: Told what processor time it took, whatever came of it.
    /// - Throws: `MediaError`, `.invalidAudio` for what is refused; `CancellationError`.
    nonisolated(nonsending) package func judge(
        path: String, of tenant: TenantID, longest: Int64, affordable: Int64? = nil, spent: (Duration) -> Void
    ) async throws -> MediaProbe {
        let probe = try await probe(
            path: path, of: tenant, decodeUpTo: Int(min(Self.wholeSeconds, affordable ?? .max)), spent: spent)
        if probe.isSilent { throw MediaError.invalidAudio(.emptyAudio, detail: "nothing is to be heard") }
        if probe.isLonger(than: longest) {
            throw MediaError.invalidAudio(.durationExceedsLimit, detail: "longer than the plan allows")
        }
        return probe
    }

    private static func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws
        -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw MediaError.toolFailed("its answer is not the JSON we expect")
        }
    }
}

extension MediaToolClient {
    /// Samples per second of all that `decode` gives.
    package static let sampleRate: Int64 = 16_000

    /// Decodes a file to 16 kHz signed 16-bit little-endian samples, in step with the source's clock.
    ///
    /// - Parameters:
    ///   - path: A regular file; its name does not matter.
    ///   - layout: With `stereo`, left and right interleaved.
    ///   - yieldsToOthers: It takes long: whoever else needs the processor goes first.
    ///   - maxSamples: Samples per channel after which it stops, at least 1; reaching it is no error.
    ///   - sink: Gets the samples in order, always whole ones, a few ten thousand at a time. The child waits while it
    ///     works. What it throws ends the child and is thrown on.
    /// - Throws: `MediaError`; `CancellationError`; what `sink` throws. Samples may have been given before.
    nonisolated(nonsending) package func decode(
        path: String, layout: ChannelLayout, maxSamples: Int64, yieldsToOthers: Bool = false,
        sink: ([UInt8]) async throws -> Void
    ) async throws -> DecodedAudio {
        let frameBytes = layout.channels * MemoryLayout<Int16>.size
        var pending: [UInt8] = []
        let trailer = try await run(
            [
                "decode", "--layout", layout.rawValue, "--max-samples", "\(max(1, min(maxSamples, 1 << 40)))",
                "--cpu-seconds", "\(Self.cpuSeconds(forSamples: maxSamples))", "--nice", yieldsToOthers ? "10" : "0",
            ], path: path, timeout: timeout.decode
        ) { bytes in
            pending += bytes
            let whole = pending.count - pending.count % frameBytes
            guard whole > 0 else { return }
            let chunk = Array(pending[..<whole])
            pending.removeFirst(whole)
            try await sink(chunk)
        }
        guard pending.isEmpty else { throw MediaError.toolFailed("half a sample at the end") }
        return try Self.decodeJSON(DecodedAudio.self, from: trailer.utf8)
    }

    /// A slow machine decodes the slowest of our codecs at ten times the speed of sound, and some start-up.
    private static func cpuSeconds(forSamples samples: Int64) -> Int64 {
        min(120 + max(0, samples) / sampleRate / 10, 86_400)
    }
}

/// What the media tool's sandbox does on this machine, as the kernel answered it.
package struct SandboxReport: Sendable, Decodable {
    /// A network of its own, which some kernels do not grant.
    package let own_network: Bool
    private let no_new_privileges, refuses_open, refuses_socket, refuses_execution, refuses_new_process: Bool
    private let refuses_signals, refuses_executable_memory: Bool

    /// Whether everything is refused that must be.
    package var isTight: Bool {
        no_new_privileges && refuses_open && refuses_socket && refuses_execution && refuses_new_process
            && refuses_signals && refuses_executable_memory
    }
}

extension MediaToolClient {
    /// Has the tool try, from inside its sandbox, what that forbids. Throws `MediaError` when it cannot be run.
    nonisolated(nonsending) package func checkSandbox() async throws -> SandboxReport {
        var report: [UInt8] = []
        // It reads nothing of its input, which need only be a file: its own executable is one.
        _ = try await run(["--self-check"], path: executable, timeout: .seconds(20)) { report += $0 }
        return try Self.decodeJSON(SandboxReport.self, from: report)
    }
}

extension MediaToolClient {
    /// More than the tool has to say about any file, in bytes.
    private static let lastWordsLimit = 16_384

    /// Signals that the file's bytes can bring about, by a fault of the decoder or by using up its CPU time. Any other one was
    /// meant for us: a shutdown, the kernel short of memory.
    private static let fileFaults: Set<Int32> = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU]

    /// What the machine may lack for one more child: descriptors, memory, processes.
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .resourceTemporarilyUnavailable, .noBufferSpace,
    ]

    /// Runs the tool on a file and gives what it writes to `sink`, a block at a time; the last line of its standard
    /// error is the result.
    ///
    /// - Parameter spent: told the child's processor time once, however it ended, unless it never began.
    private nonisolated(nonsending) func run(
        _ arguments: [String], path: String, timeout: Duration, spent: (Duration) -> Void = { _ in },
        sink: ([UInt8]) async throws -> Void
    ) async throws -> String {
        guard OpenFiles.haveRoomForChild else { throw MediaError.overloaded }
        var options = PlatformOptions()
        // A signal to our own process group, such as a terminal's Ctrl-C, is for us to act on.
        options.createSession = true
        let input = try Self.openRegularFile(path)
        defer { try? input.close() }
        let result: ExecutionResult<Bool, SequenceOutput, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .path(FilePath(executable)), arguments: Arguments(arguments),
                environment: ChildEnvironment.mediaTool.custom,
                platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: false),
                output: .sequence,
                error: .string(limit: Self.lastWordsLimit)
            ) { execution in
                let start = ContinuousClock.now
                // Before it is reaped, after which nobody can tell.
                defer { spent(ChildTime.spent(by: execution.processIdentifier.value) ?? ContinuousClock.now - start) }
                return try await Watchdog.guarding(execution, timeout: timeout) { watchdog in
                    var blocks = execution.standardOutput.makeAsyncIterator()
                    while let block = try await watchdog.watching({ try await blocks.next() }) {
                        try await sink(block.withUnsafeBytes(Array.init))
                    }
                }
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            if let cause = error.underlyingError, Self.shortages.contains(cause) { throw MediaError.overloaded }
            throw MediaError.toolFailed("it could not be run: \(error.code)")
        }
        try Task.checkCancellation()
        if result.closureResult { throw MediaError.timedOut }
        return try lastLine(of: result.standardError, status: result.terminationStatus)
    }

    /// What the exit says: the last line of standard error after success, else the error it stands for.
    private func lastLine(of text: String, status: TerminationStatus) throws -> String {
        let line = text.split(separator: "\n").last.map(String.init) ?? ""
        switch status {
        case .exited(0):
            return line
        case .exited(3):
            let refusal = try Self.decodeJSON(ToolRefusal.self, from: line.utf8)
            throw MediaError.invalidAudio(refusal.error, detail: refusal.detail)
        case .exited(let code):
            logger.error("the media tool failed", metadata: ["exit_status": "\(code)"])
            throw MediaError.toolFailed("exit status \(code)")
        case .signaled(let signal) where Self.fileFaults.contains(signal):
            // The file brought the decoder down, or used up its CPU time: the file's fault, and its end.
            logger.warning("a file brought the media tool down", metadata: ["signal": "\(signal)"])
            throw MediaError.invalidAudio(.decodeFailed, detail: "the decoder was stopped by signal \(signal)")
        case .signaled(let signal):
            logger.warning("the media tool was stopped from outside", metadata: ["signal": "\(signal)"])
            throw MediaError.interrupted
        }
    }

    /// Without waiting: a FIFO's open would.
    private static func openRegularFile(_ path: String) throws -> FileDescriptor {
        let options: FileDescriptor.OpenOptions = [.nonBlocking, .closeOnExec]
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(FilePath(path), .readOnly, options: options)
        } catch let error as Errno where shortages.contains(error) {
            throw MediaError.overloaded
        } catch {
            throw MediaError.toolFailed("the input cannot be opened")
        }
        guard let status = try? file.stat(), status.type == .regular else {
            try? file.close()
            throw MediaError.toolFailed("the input cannot be opened")
        }
        return file
    }
}

/// The tool's answer to a file it does not take.
private struct ToolRefusal: Decodable {
    let error: InvalidAudioReason
    let detail: String
}

/// Processor time of a child, which is what it cost, however busy the machine was meanwhile.
enum ChildTime {
    /// What the child has used so far; also of one that has ended and is not reaped. Nil where the system does not tell.
    static func spent(by pid: Int32) -> Duration? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The fields count from behind the name, which may hold anything but ends with the last parenthesis.
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        // Linux tells programs hundredths of a second, whatever the kernel's own clock does.
        return .milliseconds((user + system) * 10)
    }
}
