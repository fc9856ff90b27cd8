import Concurrency
import Foundation
import Synchronization

/// Where stored transcripts are decoded and rendered: threads of its own, for ten hours of speech take up to a second
/// of computing, which would hold up everything else on Swift's pool.
///
/// As many at a time as there are queues; the others wait. What is under way and what waits is bounded in bytes, because
/// each holds its stored form in memory: some long transcripts, or thousands of short ones.
package final class TranscriptRenderer: Sendable {
    private struct Load {
        /// Bytes under way and waiting, by queue.
        var queues: [Int]
        var total: Int { queues.reduce(0, +) }
    }

    private let queues: [BlockingCalls]
    private let mostBytes: Int
    private let load: Mutex<Load>

    /// - Parameters:
    ///   - queues: how many at a time; usually one a core, at most four.
    ///   - mostBytes: of stored transcripts under way and waiting together. One alone may be larger.
    package init(
        queues: Int = min(ProcessInfo.processInfo.activeProcessorCount, 4), mostBytes: Int = 256 * 1_024 * 1_024
    ) {
        let count = max(1, queues)
        self.queues = (0..<count).map { BlockingCalls("transcripts-\($0)") }
        self.mostBytes = mostBytes
        load = Mutex(Load(queues: Array(repeating: 0, count: count)))
    }

    /// Runs `work` on the queue with the least to do and answers what it answers.
    /// - Parameter bytes: the size of the stored transcript that `work` is about.
    /// - Throws: ``TranscriptRendererError/overloaded`` at once when too much waits already; what `work` throws.
    package func run<Value: Sendable>(
        bytes: Int, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let queue = load.withLock { load -> Int? in
            let total = load.total
            guard total == 0 || total + bytes <= mostBytes,
                let queue = load.queues.indices.min(by: { load.queues[$0] < load.queues[$1] })
            else { return nil }
            load.queues[queue] += bytes
            return queue
        }
        guard let queue else { throw TranscriptRendererError.overloaded }
        defer { load.withLock { $0.queues[queue] -= bytes } }
        return try await queues[queue].run(work)
    }
}

package enum TranscriptRendererError: Error, Equatable {
    /// Too much waits already; try again shortly.
    case overloaded
}
