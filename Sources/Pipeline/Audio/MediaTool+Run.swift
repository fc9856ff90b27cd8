import Glibc
import Logging
import Settings
import Subprocess
import SystemPackage

extension MediaTool {
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
    nonisolated(nonsending) func run(
        _ arguments: [String], path: String, patience: Duration, spent: (Duration) -> Void = { _ in },
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
                return try await Watchdog.guarding(execution, patience: patience) { watchdog in
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
