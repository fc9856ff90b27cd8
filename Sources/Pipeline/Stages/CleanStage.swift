import Postgres
import Tenancy

/// Deletes all audio of a finished job, here and at external engines, and records when that was done.
package struct CleanStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let engine: any RecognitionEngine
    /// For how long further copies are deleted at an engine after one deletion has failed.
    private let timeout: Duration

    /// A ticket was added while the others were being deleted, because its worker noticed late that the job had ended.
    struct TicketsLeft: Error {}

    package init(
        databases: Databases, storage: any Storage, engine: any RecognitionEngine, timeout: Duration = .seconds(30)
    ) {
        self.databases = databases
        self.storage = storage
        self.engine = engine
        self.timeout = timeout
    }

    package func run(_ claim: ClaimedTask) async throws {
        let kept = try await databases.app.transaction(of: claim.tenant) { try Self.keptSource(of: claim, in: $0) }
        if let kept {
            try await storage.remove(job: claim.job, of: claim.tenant, allBut: kept)
            let tickets = try await databases.app.transaction(of: claim.tenant) {
                try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: $0)
            }
            try await forget(tickets, claim)
            return try await databases.app.transaction(of: claim.tenant) { transaction in
                // Locks the job. Whoever stores a ticket or deletes the job either comes before this and is seen, or comes later and wakes the task.
                try claim.rest(in: transaction)
                guard try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: transaction).isEmpty else {
                    throw TicketsLeft()
                }
            }
        }
        try await storage.remove(job: claim.job, of: claim.tenant)
        let tickets = try await databases.app.transaction(of: claim.tenant) { transaction in
            try JobLifecycle.noteSourceDeleted(of: claim.job, of: claim.tenant, in: transaction)
            return try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: transaction)
        }
        try await forget(tickets, claim)
        try await databases.app.transaction(of: claim.tenant) { transaction in
            // Locks the job, as storing a ticket does, so that one of the two sees the other.
            try claim.finishLast(in: transaction)
            guard try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: transaction).isEmpty else {
                throw TicketsLeft()
            }
        }
    }

    /// Returns the source of a failed job that an operator may still retry.
    private static func keptSource(of claim: ClaimedTask, in transaction: PostgresTransaction) throws -> StorageKey? {
        try transaction.first(
            """
            SELECT source_key FROM jobs
            WHERE tenant_id = \(claim.tenant) AND id = \(claim.job) AND source_key IS NOT NULL
                AND source_kept_until > now()
            """, as: String.self
        ).map(StorageKey.init(path:))
    }

    /// Deletes the copies at engines. If one fails, the others are still deleted, and the first error is thrown at the end.
    ///
    /// After an error this takes at most `timeout`, because other jobs' audio waits for this slot. The order is random, so that the next attempt
    /// begins with another copy.
    private func forget(_ tickets: [EngineTicket], _ claim: ClaimedTask) async throws {
        let begun = ContinuousClock.now
        var failure: (any Error)?
        for ticket in tickets.shuffled() {
            if let failure, ContinuousClock.now - begun >= timeout { throw failure }
            do {
                try await engine.forget(ticket)
                try await databases.app.transaction(of: claim.tenant) { try claim.drop(ticket, in: $0) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}
