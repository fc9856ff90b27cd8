import Concurrency
import Foundation
import Synchronization
import Tenancy

/// Decodes and renders stored transcripts on threads of its own. Ten hours of speech take up to a second of processor time, which would
/// hold up everything else on Swift's pool.
///
/// It renders as many at a time as it has queues; the others wait. The bytes of all stored transcripts that are rendered or waiting are
/// limited, because they are in memory: a few long transcripts, or thousands of short ones.
///
/// An account that has much to do has it done on one queue, beside which it only takes queues that nobody needs. So the others wait for one
/// piece of its work at most, as long as fewer accounts are as busy than there are queues.
package final class TranscriptRenderer: Sendable {
    private struct Load {
        /// Bytes of transcripts that are rendered or waiting, by queue.
        var queues: [Int]
        /// How many of them are each account's, by queue.
        var accounts: [TenantID: [Int]] = [:]
        var total: Int { queues.reduce(0, +) }

        /// The queue for an account's next work: an empty one, else the one that has most of the account's, else the one with the least to do.
        func queue(for account: TenantID) -> Int? {
            let least = queues.indices.min { queues[$0] < queues[$1] }
            guard let own = accounts[account], let least, queues[least] > 0 else { return least }
            return own.indices.max { own[$0] < own[$1] }
        }

        mutating func add(_ bytes: Int, to queue: Int, for account: TenantID, count: Int) {
            queues[queue] += bytes
            accounts[account, default: Array(repeating: 0, count: queues.count)][queue] += count
            if accounts[account]?.allSatisfy({ $0 == 0 }) == true { accounts[account] = nil }
        }
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

    /// How many of an account's are rendered or waiting.
    package func waiting(for account: TenantID) -> Int {
        load.withLock { $0.accounts[account]?.reduce(0, +) ?? 0 }
    }

    /// Runs `work` on one of the queues and returns its result.
    ///
    /// - Parameters:
    ///   - account: Whose transcript it is.
    ///   - bytes: The size of the stored transcript that `work` uses.
    /// - Throws: ``TranscriptRendererError/overloaded`` at once if too much is waiting; what `work` throws.
    package func run<Value: Sendable>(
        for account: TenantID, bytes: Int, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let queue = load.withLock { load -> Int? in
            let total = load.total
            guard total == 0 || total + bytes <= mostBytes, let queue = load.queue(for: account) else { return nil }
            load.add(bytes, to: queue, for: account, count: 1)
            return queue
        }
        guard let queue else { throw TranscriptRendererError.overloaded }
        defer { load.withLock { $0.add(-bytes, to: queue, for: account, count: -1) } }
        return try await queues[queue].run(work)
    }
}

package enum TranscriptRendererError: Error, Equatable {
    /// Too much is waiting. Try again shortly.
    case overloaded
}
