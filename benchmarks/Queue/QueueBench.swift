// How many empty tasks workers claim and finish in a second, through the product's own code: row-level security, fences, turns.
//
// Usage: QueueBench DATABASE_URL CONNECTIONS BATCH SECONDS. The database is filled by benchmarks/taskqueue. Each of the
// CONNECTIONS claims up to BATCH tasks in one transaction, and finishes each in a transaction of its own. A job is a
// preparation, ten tasks that queue each other, and its clean-up. Prints one JSON object.

import Foundation
import Logging
import Pipeline
import Postgres
import Synchronization
import Tenancy

@main struct QueueBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let connections = Int(arguments[2]), let batch = Int(arguments[3]),
            let seconds = Double(arguments[4])
        else { throw Misuse() }
        let databases = Databases(
            url: arguments[1], size: 2 * connections, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let counts = Counts()
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        try await withThrowingTaskGroup { group in
            for number in 0..<connections {
                let worker = BenchWorker(
                    queue: TaskQueue(databases: databases, worker: "bench-\(number)"), databases: databases,
                    batch: batch,
                    counts: counts)
                group.addTask { while ContinuousClock.now < end { try await worker.turn() } }
            }
            try await group.waitForAll()
        }
        let passed = (ContinuousClock.now - start) / .seconds(1)
        await databases.close()
        counts.report(seconds: passed)
    }

    struct Misuse: Error {}
}

/// Claims tasks and finishes them at once.
struct BenchWorker: Sendable {
    let queue: TaskQueue
    let databases: Databases
    let batch: Int
    let counts: Counts

    /// Tasks of a job between its preparation and its end.
    private static let chain = 10

    func turn() async throws {
        var claims = try await counts.measure { try await queue.claim(limit: batch) }
        if counts.takeCleanups(batch) { claims += try await queue.claimCleanups(limit: batch) }
        for claim in claims {
            try await finish(claim)
            counts.finished(claim.kind)
            if Self.endsJob(claim) { counts.ended() }
        }
    }

    private static func endsJob(_ claim: ClaimedTask) -> Bool { claim.part == chain - 1 }

    private func finish(_ claim: ClaimedTask) async throws {
        try await databases.app.transaction(of: claim.tenant) { transaction in
            if Self.endsJob(claim) { return try claim.failJob(.internal, in: transaction) }
            if claim.kind == .clean { return try claim.finishLast(in: transaction) }
            try claim.finish(in: transaction)
            try claim.follow(with: .recognize, part: (claim.part ?? -1) + 1, in: transaction)
        }
    }
}

/// What all connections did together.
final class Counts: Sendable {
    private struct State {
        var tasks: [TaskKind: Int] = [:]
        var ended = 0
        var claims: [Double] = []
        var empty = 0
    }

    private let state = Mutex(State())

    func finished(_ kind: TaskKind) {
        state.withLock { state in
            state.tasks[kind, default: 0] += 1
        }
    }

    func ended() { state.withLock { $0.ended += 1 } }

    /// Whether at least `batch` jobs have ended for which nobody has claimed the clean-up.
    func takeCleanups(_ batch: Int) -> Bool {
        state.withLock { state in
            guard state.ended >= batch else { return false }
            state.ended -= batch
            return true
        }
    }

    func measure(_ claim: () async throws -> [ClaimedTask]) async throws -> [ClaimedTask] {
        let start = ContinuousClock.now
        let claims = try await claim()
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        state.withLock { state in
            state.claims.append(time)
            if claims.isEmpty { state.empty += 1 }
        }
        return claims
    }

    func report(seconds: Double) {
        state.withLock { state in
            let tasks = state.tasks.values.reduce(0, +)
            let times = state.claims.sorted()
            func at(_ part: Double) -> Double {
                times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * part))]
            }
            print(
                #"{"tasks":\#(tasks),"seconds":\#(seconds),"rate":\#((Double(tasks) / seconds).rounded()),"#
                    + #""claims":\#(times.count),"empty_claims":\#(state.empty),"claim_ms":{"p50":\#(at(0.5)),"p99":\#(at(0.99))},"#
                    + #""cleanups":\#(state.tasks[.clean] ?? 0),"ended":\#(state.ended)}"#)
        }
    }
}
