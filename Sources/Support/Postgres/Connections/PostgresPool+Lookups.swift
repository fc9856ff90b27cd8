// Lookups: statements that read little and take well under a millisecond, such as one row by its key.
//
// Many of them at the same time share a connection: those that wait go in one round trip, each in a transaction of its own. That spares most
// of what a lookup costs, which is threads and processes that wake each other. An error of one leaves the others alone. Lookups use a quarter of
// the pool's places, so that they and other work do not hold each other up.

import Synchronization

/// A statement that waits for its round trip.
struct Lookup: Sendable {
    let query: PostgresQuery
    let start: TransactionStart
    let continuation: CheckedContinuation<PostgresRows, any Error>
}

struct LookupLine: Sendable {
    /// How many go in one round trip.
    static let mostAtOnce = 32

    var waiting: [Lookup] = []
    /// Tasks that take lookups from the line.
    var runners = 0
}

extension PostgresPool {
    private var mostRunners: Int { max(1, configuration.size / 4) }

    /// Runs a statement that reads little, in a transaction of its own. It must not write, because it may run twice.
    ///
    /// If the caller's task is cancelled meanwhile, the statement still runs.
    package func lookup(
        _ query: PostgresQuery, settings: [(name: String, value: String)] = []
    ) async throws -> PostgresRows {
        let start = configuration.start(settings, isolation: .readCommitted)
        let rows = try await withCheckedThrowingContinuation { continuation in
            enter(Lookup(query: query, start: start, continuation: continuation))
        }
        try Task.checkCancellation()
        return rows
    }

    private func enter(_ lookup: Lookup) {
        let needsRunner: Bool? = lookups.withLock { line in
            guard line.waiting.count < configuration.maxWaiters else { return nil }
            line.waiting.append(lookup)
            guard line.runners < mostRunners else { return false }
            line.runners += 1
            return true
        }
        switch needsRunner {
        case true?: Task.detached { await self.runLookups() }
        case false?: break
        case nil:
            let error = PostgresError(
                kind: .poolExhausted, message: "\(configuration.maxWaiters) callers already wait for a connection")
            lookup.continuation.resume(throwing: error)
        }
    }

    private func runLookups() async {
        while let group = nextLookups() {
            do {
                let limit = configuration.workTimeout
                let results = try await perform(retries: 3) { await $0.attempt(group, within: limit) }
                for (lookup, result) in zip(group, results) { lookup.continuation.resume(with: result) }
            } catch {
                for lookup in group { lookup.continuation.resume(throwing: error) }
            }
        }
    }

    /// Returns those that have waited longest; nil if there are none, and the runner ends.
    private func nextLookups() -> [Lookup]? {
        lookups.withLock { line in
            let group = line.waiting.prefix(LookupLine.mostAtOnce)
            line.waiting.removeFirst(group.count)
            if group.isEmpty { line.runners -= 1 }
            return group.isEmpty ? nil : Array(group)
        }
    }
}
