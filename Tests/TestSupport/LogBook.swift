import Foundation
import Synchronization
import SystemPackage

/// The lines that a process has written. Tests wait here for a line.
package final class LogBook: Sendable {
    /// The process ended, or the time was over, before the line came.
    package struct NeverSaid: Error, CustomStringConvertible {
        let hasEnded: Bool
        let lastLines: [String]

        package var description: String {
            (hasEnded ? "the process ended; it said:\n" : "the process did not say it; it said:\n")
                + lastLines.joined(separator: "\n")
        }
    }

    private struct Waiter {
        let matches: @Sendable (String) -> Bool
        /// How many matching lines are still missing.
        let count: Int
        let continuation: CheckedContinuation<String, any Error>

        var counted: Waiter { Waiter(matches: matches, count: count - 1, continuation: continuation) }
    }

    private struct State {
        var lines: [String] = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var isClosed = false

        var neverSaid: NeverSaid { NeverSaid(hasEnded: isClosed, lastLines: lines.suffix(20)) }
    }

    private let state = Mutex(State())

    package var lines: [String] { state.withLock { $0.lines } }

    /// The `count`th line that `matches`: one of the past, or one that comes within `limit` seconds.
    package func line(
        number count: Int = 1, within limit: Double = 180, where matches: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let waiter: Int? = state.withLock { state in
                let known = state.lines.filter(matches)
                if known.count >= count {
                    continuation.resume(returning: known[count - 1])
                } else if state.isClosed {
                    continuation.resume(throwing: state.neverSaid)
                } else {
                    defer { state.nextWaiter += 1 }
                    state.waiters[state.nextWaiter] = Waiter(
                        matches: matches, count: count - known.count, continuation: continuation)
                    return state.nextWaiter
                }
                return nil
            }
            guard let waiter else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit) { [weak self] in self?.giveUp(waiter) }
        }
    }

    /// The first line that contains all of `parts`.
    package func line(with parts: String...) async throws -> String {
        try await line { line in parts.allSatisfy { line.contains($0) } }
    }

    /// Reads `file` to its end on a new thread, then closes it.
    func follow(_ file: FileDescriptor) {
        Thread.detachNewThread { [self] in
            var rest: [UInt8] = []
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
            while let count = try? file.read(into: buffer), count > 0 {
                var lines = (rest + buffer.prefix(count)).split(
                    separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                rest = lines.popLast().map(Array.init) ?? []
                for line in lines { append(String(decoding: line, as: UTF8.self)) }
            }
            if !rest.isEmpty { append(String(decoding: rest, as: UTF8.self)) }
            buffer.deallocate()
            try? file.close()
            close()
        }
    }

    private func append(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            for (number, waiter) in state.waiters where waiter.matches(line) {
                state.waiters[number] = waiter.count > 1 ? waiter.counted : nil
                if waiter.count <= 1 { waiter.continuation.resume(returning: line) }
            }
        }
    }

    private func giveUp(_ waiter: Int) {
        state.withLock { state in
            state.waiters.removeValue(forKey: waiter)?.continuation.resume(throwing: state.neverSaid)
        }
    }

    private func close() {
        state.withLock { state in
            state.isClosed = true
            for waiter in state.waiters.values { waiter.continuation.resume(throwing: state.neverSaid) }
            state.waiters = [:]
        }
    }
}
