import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Synchronization
import Tenancy

/// Lets requests wait for the end of a job. One query asks for all jobs that anybody waits for, so that many who wait cost hardly more than one.
final class JobWatch: Service {
    /// How often the database is asked while anybody waits.
    private static let interval = Duration.milliseconds(250)

    private struct Waiter {
        let job: JobID
        let tenant: TenantID
        let until: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var last = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Has the role `verbatim_system`.
    private let pool: PostgresPool
    private let logger: Logger
    /// How many requests wait at a time: of all accounts, and of one. Each has a connection, which others need, too.
    private let most, mostOfTenant: Int

    /// - Parameter connections: how many this node has; a quarter of them may wait.
    init(pool: PostgresPool, connections: Int, logger: Logger) {
        most = max(8, connections / 4)
        mostOfTenant = max(4, most / 16)
        self.pool = pool
        self.logger = logger
    }

    /// Returns when the job has ended, the time is over, the caller's task is cancelled or the node shuts down. Returns at once if too many wait.
    func wait(for job: JobID, of tenant: TenantID, atMost time: Duration) async {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(job: job, tenant: tenant, until: .now + time, continuation: continuation)
                let isWaiting = state.withLock { state in
                    let own = state.waiters.values.count { $0.tenant == tenant }
                    guard !state.isClosed, !Task.isCancelled, state.waiters.count < self.most, own < self.mostOfTenant
                    else { return false }
                    state.waiters[id] = waiter
                    return true
                }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            wake { $0 == id }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isAway = false
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    try await self.look()
                    isAway = false
                } catch  where !Task.isCancelled {
                    // Whoever waits is answered when its time is over.
                    if !isAway { self.logger.failure("could not look whether jobs have ended", error) }
                    isAway = true
                } catch {}
            }
        }
        state.withLock { $0.isClosed = true }
        wake { _ in true }
    }

    private func look() async throws {
        let now = ContinuousClock.now
        wakeWaiters { $0.until <= now }
        let jobs = state.withLock { state in
            Dictionary(state.waiters.values.map { ($0.job, $0.tenant) }) { first, _ in first }
        }
        guard !jobs.isEmpty else { return }
        let finished = try await pool.transaction { transaction in
            try Job.finished(among: jobs.map { (tenant: $0.value, id: $0.key) }, in: transaction)
        }
        wakeWaiters { finished.contains($0.job) }
    }

    private func wakeWaiters(where condition: (Waiter) -> Bool) {
        let ids = state.withLock { state in Set(state.waiters.filter { condition($0.value) }.keys) }
        wake(where: ids.contains)
    }

    private func wake(where condition: (Int) -> Bool) {
        let woken = state.withLock { state in
            let woken = state.waiters.filter { condition($0.key) }
            for id in woken.keys { state.waiters[id] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }
}
