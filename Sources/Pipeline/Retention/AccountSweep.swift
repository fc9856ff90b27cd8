import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Does what falls due by itself in accounts: cancels jobs whose deadline is over, deletes transcripts and webhook events that were kept long
/// enough, tells of API keys that will expire and of webhook endpoints that have begun to fail.
///
/// Nodes do this at the same time without harm: each step happens in one transaction, and only once.
package struct AccountSweep: Service {
    private static let interval = Duration.seconds(20)
    /// How long before its end an account is told of an API key.
    package static let notice = Duration.seconds(7 * 24 * 3600)
    /// How many things of a kind one run does. The next run does the rest.
    private static let batch = 500

    private let databases: Databases
    private let overdue: AsyncStream<Void>
    private let logger: Logger
    private let clock: @Sendable () -> Timestamp

    /// - Parameter poller: the node's.
    package init(
        databases: Databases, poller: WorkPoller, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        overdue = poller.calls { JobLifecycle.isAnyOverdue }
        self.logger = logger
        self.clock = clock
    }

    /// Sweeps until shutdown, not on all nodes at the same moment.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await every(Self.interval, sweep) }
                group.addTask { for await _ in overdue { await cancelOverdue() } }
            }
        }
    }

    private func every(_ interval: Duration, _ body: () async -> Void) async {
        while (try? await Task.sleep(for: interval * Double.random(in: 0.5...1.5))) != nil { await body() }
    }

    /// Cancels the jobs whose deadline is over.
    package func cancelOverdue() async {
        await attempt("could not cancel jobs after their deadline") {
            let overdue = try await databases.system.transaction { try JobLifecycle.overdue(limit: Self.batch, in: $0) }
            for (tenant, job) in overdue {
                try await databases.app.transaction(of: tenant) { transaction in
                    do {
                        _ = try Job.cancel(job, of: tenant, because: .deadlineExceeded, in: transaction)
                    } catch is JobFinished {
                        // It has ended meanwhile.
                    }
                }
            }
        }
    }

    package func sweep() async {
        await attempt("could not delete transcripts that were kept long enough", forgetTranscripts)
        await attempt("could not delete webhook events that were kept long enough", forgetEvents)
        await attempt("could not tell of expiring API keys", tellOfExpiringKeys)
        await attempt("could not tell of failing webhook endpoints", tellOfFailingEndpoints)
    }

    /// What fails is tried again by the next run; the other things go on.
    private func attempt(_ fault: Logger.Message, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch  where !Task.isCancelled {
            logger.failure(fault, error)
        } catch {}
    }

    private func forgetTranscripts() async throws {
        let due = try await databases.system.transaction {
            try JobLifecycle.withTranscriptsDue(limit: Self.batch, in: $0)
        }
        for (tenant, job) in due {
            try await databases.app.transaction(of: tenant) { transaction in
                _ = try JobDeletion.removeTranscript(of: job, tenant: tenant, in: transaction)
            }
        }
    }

    private func forgetEvents() async throws {
        let now = clock()
        let old = try await databases.system.transaction {
            try WebhookEvent.old(at: now, limit: Self.batch, in: $0)
        }
        for (tenant, events) in Dictionary(grouping: old, by: \.0) {
            try await databases.app.transaction(of: tenant) {
                try WebhookEvent.forget(events.map(\.1), of: tenant, at: now, in: $0)
            }
        }
    }

    private func tellOfExpiringKeys() async throws {
        let now = clock()
        let keys = try await databases.system.transaction {
            try APIKeyRecord.expiring(from: now, until: now + Self.notice, limit: Self.batch, in: $0)
        }
        for key in keys {
            try await databases.app.transaction(of: key.tenant) { transaction in
                guard try key.noteExpiryTold(in: transaction) else { return }
                try AccountEvent.keyExpiring(key).record(of: key.tenant, at: now, in: transaction)
            }
        }
    }

    private func tellOfFailingEndpoints() async throws {
        let now = clock()
        let endpoints = try await databases.system.transaction {
            try WebhookEndpoint.untoldFailures(limit: Self.batch, in: $0)
        }
        for (tenant, endpoint) in endpoints {
            try await databases.app.transaction(of: tenant) { transaction in
                guard try endpoint.noteFailureTold(of: tenant, in: transaction) else { return }
                try AccountEvent.webhookFailing(endpoint).record(of: tenant, at: now, in: transaction)
            }
        }
    }
}
