import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import Tenancy

/// Asks the database once a second, in one statement for all services of a node, whether something has become due, and calls those services for
/// which it has.
///
/// This is the guarantee that nothing waits long. Whatever else wakes a service, such as a ``QueueHint``, only makes it faster.
package final class WorkPoller: Service {
    /// At least. Up to 40 % more, at random, so that nodes do not all ask at the same moment.
    package static let interval = Duration.seconds(1)

    private struct Subject: Sendable {
        let isDue: @Sendable () -> PostgresQuery
        let calls: WakeUpCalls
    }

    private let databases: Databases
    private let logger: Logger
    private let subjects = Mutex([Subject]())
    private let fault = RecentOutage()

    package init(databases: Databases, logger: Logger) {
        self.databases = databases
        self.logger = logger
    }

    /// Returns the calls for one service: one when `isDue` has become true, and at most one waiting.
    ///
    /// - Parameter isDue: returns a condition that costs little when it is false. It runs as `verbatim_system`.
    package func calls(when isDue: @escaping @Sendable () -> PostgresQuery) -> AsyncStream<Void> {
        let subject = Subject(isDue: isDue, calls: WakeUpCalls())
        subjects.withLock { $0.append(subject) }
        return subject.calls.stream
    }

    /// Whether the database did not answer so recently that not every worker has extended its leases since.
    var isAfterOutage: Bool { fault.isRecent }

    /// Polls until it is cancelled or the node shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.poll() }
    }

    private func poll() async {
        while !Task.isCancelled {
            do {
                try await look()
            } catch  where !Task.isCancelled {
                fault.note()
                logger.failure("could not look for work", error)
            } catch {}
            try? await Task.sleep(for: Self.interval * Double.random(in: 1...1.4))
        }
    }

    /// Looks once. The connections for leases are used, so that it finds what is lost even if all others are taken.
    private func look() async throws {
        let subjects = subjects.withLock { $0 }
        guard !subjects.isEmpty else { return }
        let conditions = PostgresQuery(joining: subjects.map { $0.isDue() }, separator: ", ")
        let due = try await databases.leases.query("SELECT ARRAY[\(conditions)]").first?.decode([Bool].self) ?? []
        for (subject, isDue) in zip(subjects, due) where isDue { subject.calls.call() }
    }
}
