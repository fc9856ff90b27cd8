import Foundation
import TestSupport

/// A process of ours that runs beside a test. What starts it also stops it.
final class RunningProcess: Sendable {
    let log = LogBook()
    private let process = Process()
    private let input = Pipe()

    init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            .merging(environment) { $1 }
        // Held open as long as this object: a child that ends with its standard input ends with us.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let errors = Pipe()
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        log.follow(errors)
    }

    deinit { kill() }

    var pid: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { Foundation.kill(pid, number) }

    func kill() { if process.isRunning { signal(SIGKILL) } }

    /// Waits for the end and answers the exit status, or minus the signal that ended it.
    func ended() async throws -> Int32 {
        try await eventually("process \(pid) ends") { !process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// The most memory it ever held, in bytes (`VmHWM`).
    func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? .max / 1024) * 1024
    }

    /// Its children, by process id.
    func children() throws -> [Int32] {
        let threads = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: threads).flatMap { thread in
            ((try? String(contentsOfFile: "\(threads)/\(thread)/children", encoding: .utf8)) ?? "")
                .split(separator: " ").compactMap { Int32($0) }
        }
    }
}
