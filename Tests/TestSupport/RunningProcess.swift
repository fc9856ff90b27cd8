import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program that runs beside a test. It is killed when the last reference to it is gone.
///
/// Foundation's `Process` can't be used: its children inherit descriptors that other threads open meanwhile, so that the reader of a pipe may
/// wait forever; and it reads beyond a buffer if about 1,300 descriptors are open.
package final class RunningProcess: Sendable {
    /// Which output is read. The other is discarded.
    package enum Stream: Sendable { case output, errors }

    package let log = LogBook()
    package let pid: Int32
    private let end = End()
    /// Open as long as this object exists. A child that ends at the end of its standard input so ends with the tests.
    private let input: Mutex<FileDescriptor?>

    package init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        reading stream: Stream = .errors
    ) async throws {
        let (childInput, input) = try FileDescriptor.pipe()
        let (lines, childLines) = try FileDescriptor.pipe()
        self.input = Mutex(input)
        let (pids, started) = AsyncThrowingStream<Int32, any Error>.makeStream()
        Task { [end] in
            do {
                let nobody = try FileDescriptor.open("/dev/null", .writeOnly)
                let result = try await Subprocess.run(
                    .path(FilePath(executable)), arguments: Arguments(arguments), environment: .ofTests(environment),
                    input: .fileDescriptor(childInput, closeAfterSpawningProcess: true),
                    output: .fileDescriptor(stream == .output ? childLines : nobody, closeAfterSpawningProcess: true),
                    error: .fileDescriptor(stream == .errors ? childLines : nobody, closeAfterSpawningProcess: true)
                ) { started.yield($0.processIdentifier.value) }
                end.set(.success(result.terminationStatus))
            } catch {
                started.finish(throwing: error)
                end.set(.failure(error))
            }
        }
        log.follow(lines)
        do {
            guard let pid = try await pids.first(where: { _ in true }) else { throw CancellationError() }
            self.pid = pid
        } catch {
            try? input.close()
            throw error
        }
    }

    deinit {
        kill()
        closeInput()
    }

    /// Writes to its standard input.
    package func send(_ text: String) throws {
        // Writing to a program that has ended would end this process, too.
        guard end.status == nil else { throw Errno.brokenPipe }
        try input.withLock { _ = try $0?.writeAll(text.utf8) }
    }

    /// Ends its standard input.
    package func closeInput() {
        input.withLock { input in
            try? input?.close()
            input = nil
        }
    }

    /// Sends a signal. Does nothing if the program has ended.
    package func signal(_ number: Int32) { end.ifNotYet { _ = Foundation.kill(pid, number) } }

    package func kill() { signal(SIGKILL) }

    /// Waits for the end. Returns the exit status, or the negative number of the signal that ended it.
    package func ended() async throws -> Int32 {
        try await eventually("process \(pid) ends") { end.status != nil }
        return try end.status?.get().number ?? 0
    }

    /// The most memory it has used so far, in bytes (`VmHWM`).
    package func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? .max / 1024) * 1024
    }

    /// The process ids of its children.
    package func children() throws -> [Int32] {
        let threads = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: threads).flatMap { thread in
            ((try? String(contentsOfFile: "\(threads)/\(thread)/children", encoding: .utf8)) ?? "")
                .split(separator: " ").compactMap { Int32($0) }
        }
    }
}

/// How a program ended; nil while it runs.
private final class End: Sendable {
    private let value = Mutex<Result<TerminationStatus, any Error>?>(nil)

    var status: Result<TerminationStatus, any Error>? { value.withLock { $0 } }

    func set(_ status: Result<TerminationStatus, any Error>) { value.withLock { $0 = status } }

    func ifNotYet(_ body: () -> Void) {
        value.withLock { if $0 == nil { body() } }
    }
}
