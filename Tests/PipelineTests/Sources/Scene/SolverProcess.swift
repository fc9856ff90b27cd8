import Foundation
import Glibc
import Pipeline
import TestSupport

/// `ingest/solver.py` as a worker starts it. The test has the other end of its socket pair.
struct SolverProcess: Sendable {
    private let process: Process
    private let end: Int32

    /// - Parameters:
    ///   - folder: an `ingest` folder; nil: ours.
    ///   - cpuSeconds: the processor time that it may use in all.
    init(
        _ installation: YtDlpInstallation = FetchScene.installation, cpuSeconds: Int = 120, megabytes: Int = 1024,
        wallSeconds: Int = 900
    ) throws {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw CocoaError(.fileWriteUnknown) }
        end = pair[0]
        let theirs = FileHandle(fileDescriptor: pair[1], closeOnDealloc: true)
        process = Process()
        process.executableURL = URL(fileURLWithPath: installation.python)
        let bounds = [cpuSeconds, megabytes << 20, wallSeconds].map(String.init)
        process.arguments = ["-I", "-B", "-S", installation.solver] + bounds
        process.environment = ["LANG": "C.UTF-8"]
        process.standardInput = theirs
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try theirs.close()
    }

    /// Its answer, with its sign; nil if it ended instead.
    func ask(_ script: String) async -> String? {
        await aside {
            send(script)
            guard let head = receive(4) else { return nil }
            return receive(head.reduce(0) { $0 << 8 | Int($1) }).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func send(_ script: String, claiming length: Int? = nil) {
        let text = Array(script.utf8)
        let count = UInt32(length ?? text.count)
        var bytes = (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + text
        while !bytes.isEmpty {
            let sent = Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { return }
            bytes.removeFirst(sent)
        }
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < count {
            let read = recv(end, &block, min(block.count, count - bytes.count), 0)
            guard read > 0 else { return nil }
            bytes += block.prefix(read)
        }
        return bytes
    }

    /// Closes the connection, as if the caller had died.
    func hangUp() { close(end) }

    /// Its exit status, or the negative signal number.
    func ending() async -> Int32 {
        await aside {
            process.waitUntilExit()
            let isSignal = process.terminationReason == .uncaughtSignal
            return isSignal ? -process.terminationStatus : process.terminationStatus
        }
    }

    /// Runs something that blocks on a thread of its own.
    private func aside<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
