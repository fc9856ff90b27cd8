import Foundation
import Synchronization

/// What a process wrote on standard error, line by line, and who waits for which line.
final class LogBook: Sendable {
    struct Ended: Error, CustomStringConvertible {
        let lastLines: [String]
        var description: String { "the process ended; it said:\n" + lastLines.joined(separator: "\n") }
    }

    private struct Waiter {
        let matches: @Sendable (String) -> Bool
        let continuation: CheckedContinuation<String, any Error>
    }

    private struct State {
        var lines: [String] = []
        var waiters: [Waiter] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }

    /// The first line, past or to come, that `matches`.
    func line(where matches: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            state.withLock { state in
                if let line = state.lines.first(where: matches) {
                    continuation.resume(returning: line)
                } else if state.isClosed {
                    continuation.resume(throwing: Ended(lastLines: state.lines.suffix(20)))
                } else {
                    state.waiters.append(Waiter(matches: matches, continuation: continuation))
                }
            }
        }
    }

    /// The first line that holds all of `parts`.
    func line(with parts: String...) async throws -> String {
        try await line { line in parts.allSatisfy { line.contains($0) } }
    }

    /// Reads `pipe` to its end on a thread of its own.
    func follow(_ pipe: Pipe) {
        Thread.detachNewThread { [self] in
            var rest = Data()
            while true {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { break }
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest = rest[(end + 1)...]
                }
            }
            close()
        }
    }

    private func append(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            state.waiters.removeAll { waiter in
                guard waiter.matches(line) else { return false }
                waiter.continuation.resume(returning: line)
                return true
            }
        }
    }

    private func close() {
        state.withLock { state in
            state.isClosed = true
            let error = Ended(lastLines: state.lines.suffix(20))
            for waiter in state.waiters { waiter.continuation.resume(throwing: error) }
            state.waiters = []
        }
    }
}
