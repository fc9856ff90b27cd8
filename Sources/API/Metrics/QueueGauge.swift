import Logging
import Postgres
import Tenancy

/// Reads the queue at most once in five seconds, one query at a time, however often somebody asks.
package actor QueueGauge {
    package static let freshness = Duration.seconds(5)
    /// Prometheus waits ten seconds for all metrics by default.
    private static let longestLook = Duration.seconds(3)

    private struct TookTooLong: Error {}

    private let look: @Sendable () async throws -> QueueReading
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private var last: (at: ContinuousClock.Instant, reading: QueueReading?)?
    private var current: Task<QueueReading?, Never>?

    package init(
        logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        look: @escaping @Sendable () async throws -> QueueReading
    ) {
        self.logger = logger
        self.now = now
        self.look = look
    }

    package init(databases: Databases, logger: Logger) {
        self.init(logger: logger) { try await databases.system.transaction { try QueueReading.now(in: $0) } }
    }

    /// Returns the queue's state; nil if the database did not answer in time. That, too, is kept for five seconds.
    package func reading() async -> QueueReading? {
        if let last, now() - last.at < Self.freshness { return last.reading }
        if let current { return await current.value }
        let current = Task { await lookOnce() }
        self.current = current
        let reading = await current.value
        last = (now(), reading)
        self.current = nil
        return reading
    }

    private func lookOnce() async -> QueueReading? {
        do {
            return try await withThrowingTaskGroup(of: QueueReading.self) { [look] group in
                group.addTask { try await look() }
                group.addTask {
                    try await Task.sleep(for: Self.longestLook)
                    throw TookTooLong()
                }
                defer { group.cancelAll() }
                return try await group.next()
            }
        } catch {
            logger.failure("no metrics of the queue", error, level: .warning)
            return nil
        }
    }
}
