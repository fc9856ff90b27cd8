import Concurrency
import Foundation
import Synchronization

/// Decodes and renders stored transcripts on threads of its own. Ten hours of speech take up to a second of processor time, which would
/// hold up everything else on Swift's pool.
///
/// It renders as many at a time as it has queues; the others wait. The bytes of all stored transcripts that are rendered or waiting are
/// limited, because they are in memory: a few long transcripts, or thousands of short ones.
package final class TranscriptRenderer: Sendable {
    private struct Load {
        /// Bytes of transcripts that are rendered or waiting, by queue.
        var queues: [Int]
        var total: Int { queues.reduce(0, +) }
    }

    private let queues: [BlockingCalls]
    private let mostBytes: Int
    private let load: Mutex<Load>

    /// - Parameters:
    ///   - queues: How many transcripts to render at a time; by default one per core, at most four.
    ///   - mostBytes: The maximum number of bytes of stored transcripts that are rendered or waiting. A single one may be larger.
    package init(
        queues: Int = min(ProcessInfo.processInfo.activeProcessorCount, 4), mostBytes: Int = 256 * 1_024 * 1_024
    ) {
        let count = max(1, queues)
        self.queues = (0..<count).map { BlockingCalls("transcripts-\($0)") }
        self.mostBytes = mostBytes
        load = Mutex(Load(queues: Array(repeating: 0, count: count)))
    }

    /// Runs `work` on the queue with the least to do and returns its result.
    ///
    /// - Parameter bytes: The size of the stored transcript that `work` uses.
    /// - Throws: ``TranscriptRendererError/overloaded`` at once if too much is waiting; what `work` throws.
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
    /// Too much is waiting. Try again shortly.
    case overloaded
}
