import FoundationEssentials
import Glibc
import Logging
import Settings
import Subprocess
import SystemPackage
import Tenancy

/// Runs `verbatim-media`, the only process in which libav sees a stranger's bytes.
///
/// Each call starts a child process with an empty environment. The opened file is its only input, and its sandbox lets it open
/// nothing else. If the child writes nothing for too long, the caller is cancelled or the sink throws, the child is killed at once and
/// reaped before the call returns. Whatever hostile bytes do to the child, the caller gets a `MediaError`.
package struct MediaToolClient: Sendable {
    /// How long a child may write nothing, in wall-clock time, before it is killed.
    package struct Timeouts: Sendable {
        /// For a probe, which writes its answer once, at the end.
        package var probe: Duration
        /// For decoding. Time that the sink takes doesn't count.
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
    /// The cost of probes of rejected files, by account.
    package let refusals: RefusalBudget

    /// - Parameters:
    ///   - executable: Path of `verbatim-media`.
    ///   - maxConcurrentProbes: How many probes run at a time, at least 1. Others wait, and tenants take turns.
    ///   - maxWaitingProbes: How many probes may wait. One more throws `MediaError.overloaded`.
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

    /// Files that wait to be probed.
    package var waitingProbes: Int { probes.waiting }
}

extension MediaToolClient {
    /// Largest answer of a probe, in bytes. Its JSON is never that long.
    private static let reportLimit = 65_536
    /// Files whose container states at most this many seconds are decoded completely.
    package static let wholeSeconds: Int64 = 600
    /// CPU seconds of a probe: several times what decoding ten minutes takes.
    private static let probeCPUSeconds = 60

    /// Probes a file: what it is, how long it is, and whether it is silent.
    ///
    /// Waits for a free place first; tenants take turns. Files whose container states at most `decodeUpTo` seconds are decoded completely.
    ///
    /// - Parameters:
    ///   - path: Path of a regular file. Its name doesn't matter.
    ///   - tenant: The file's owner; nil for our own files.
    ///   - spent: Receives the processor time that the probe took, also if it failed.
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
            let probe = try Self.decodeJSON(MediaProbe.self, from: report)
            logger.debug(
                "file probed",
                metadata: [
                    "container": "\(probe.container)", "codec": "\(probe.codec)", "sample_rate": "\(probe.sampleRate)",
                    "channels": "\(probe.channels)", "track": "\(probe.track) of \(probe.tracks)",
                    "damaged_frames": "\(probe.damagedFrames)",
                ])
            return probe
        }
    }

    /// Probes a customer's recording, uploaded or fetched, and rejects it if it is silent or longer than the plan allows.
    ///
    /// - Parameters:
    ///   - path: Path of a regular file. Its name doesn't matter.
    ///   - tenant: The recording's owner.
    ///   - longest: The plan's limit, in seconds.
    ///   - affordable: What is left of the month, in seconds. No more than that is decoded. Nil: not known yet.
    ///   - spent: Receives the processor time that the probe took, also if it failed.
    /// - Throws: `MediaError`, which is `.invalidAudio` for a rejected recording; `CancellationError`.
    nonisolated(nonsending) package func judge(
        path: String, of tenant: TenantID, longest: Int64, affordable: Int64? = nil, spent: (Duration) -> Void
    ) async throws -> MediaProbe {
        let probe = try await probe(
            path: path, of: tenant, decodeUpTo: Int(min(Self.wholeSeconds, affordable ?? .max)), spent: spent)
        if probe.isSilent { throw MediaError.invalidAudio(.emptyAudio, detail: "the recording is silent") }
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
    /// Decodes a file to 16 kHz signed 16-bit little-endian samples, in step with the source's clock.
    ///
    /// - Parameters:
    ///   - path: Path of a regular file. Its name doesn't matter.
    ///   - layout: Mono, or stereo with left and right interleaved.
    ///   - maxSamples: Decoding stops after this many samples per channel, at least 1. Reaching it is not an error.
    ///   - yieldsToOthers: Whether to run with low priority, because it takes long.
    ///   - sink: Receives the samples in order, always whole ones, a few ten thousand at a time. The child waits for it. If it throws, the
    ///     child is ended and the error thrown on.
    /// - Throws: `MediaError`; `CancellationError`; what `sink` throws. The sink may have received samples before.
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

    /// Returns the limit on CPU time: a slow machine decodes the slowest of our codecs ten times faster than real time, plus start-up.
    private static func cpuSeconds(forSamples samples: Int64) -> Int64 {
        min(120 + max(0, samples) / Samples.perSecond / 10, 86_400)
    }
}

/// What the media tool's sandbox refuses on this machine, as the kernel answered.
package struct SandboxReport: Sendable, Decodable {
    /// Whether the tool has an empty network namespace, which some kernels don't grant.
    package let own_network: Bool
    private let no_new_privileges, refuses_open, refuses_socket, refuses_execution, refuses_new_process: Bool
    private let refuses_signals, refuses_executable_memory: Bool

    /// Whether the sandbox refuses everything that it must.
    package var isTight: Bool {
        no_new_privileges && refuses_open && refuses_socket && refuses_execution && refuses_new_process
            && refuses_signals && refuses_executable_memory
    }
}

extension MediaToolClient {
    /// Lets the tool try, from inside its sandbox, what the sandbox forbids.
    ///
    /// - Throws: `MediaError` if the tool cannot be run.
    nonisolated(nonsending) package func checkSandbox() async throws -> SandboxReport {
        var report: [UInt8] = []
        // The tool doesn't read its input here, but it must be a file, so take the tool's own executable.
        _ = try await run(["--self-check"], path: executable, timeout: .seconds(20)) { report += $0 }
        return try Self.decodeJSON(SandboxReport.self, from: report)
    }
}

extension MediaToolClient {
    /// The maximum number of bytes on standard error: more than the tool writes about any file.
    private static let lastWordsLimit = 16_384

    /// Signals that a file can cause, by crashing the decoder or by using up its CPU time. Any other signal came from outside: a
    /// shutdown, or a kernel short of memory.
    private static let fileFaults: Set<Int32> = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU]

    /// Errors that say that the machine lacks descriptors, memory or processes for one more child.
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .resourceTemporarilyUnavailable, .noBufferSpace,
    ]

    /// Runs the tool on a file and passes its standard output to `sink`, block by block. Returns the last line of its standard error.
    ///
    /// - Parameter spent: Receives the child's processor time once, also if it failed, unless it never started.
    private nonisolated(nonsending) func run(
        _ arguments: [String], path: String, timeout: Duration, spent: (Duration) -> Void = { _ in },
        sink: ([UInt8]) async throws -> Void
    ) async throws -> String {
        guard OpenFiles.haveRoomForChild else { throw MediaError.overloaded }
        var options = PlatformOptions()
        // A session of its own, so that a signal to our process group, such as a terminal's Ctrl-C, reaches only us.
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
                // Before the child is reaped, because its times are gone after that.
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

    /// Returns the last line of standard error after a success; throws the error that another exit stands for.
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
            // The file crashed the decoder or used up its CPU time, so it is rejected.
            logger.warning("a file brought the media tool down", metadata: ["signal": "\(signal)"])
            throw MediaError.invalidAudio(.decodeFailed, detail: "the decoder was stopped by signal \(signal)")
        case .signaled(let signal):
            logger.warning("the media tool was stopped from outside", metadata: ["signal": "\(signal)"])
            throw MediaError.interrupted
        }
    }

    /// Opens a file without blocking, as opening a FIFO would, and refuses anything but a regular file.
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

/// The tool's answer to a file that it rejects.
private struct ToolRefusal: Decodable {
    let error: InvalidAudioReason
    let detail: String
}

/// The processor time of a child process: its cost, however busy the machine was.
enum ChildTime {
    /// Returns the processor time that a child has used so far, also if it has ended but isn't reaped. Nil if the system doesn't say.
    static func spent(by pid: Int32) -> Duration? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The fields are counted after the name, which may contain anything but ends with the last parenthesis.
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        // Linux reports hundredths of a second to programs, whatever the kernel's own clock is.
        return .milliseconds((user + system) * 10)
    }
}
