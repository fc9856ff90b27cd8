import Postgres
import Tenancy

/// Removes every byte of audio that a finished job left, here and at engines that work elsewhere, and says when that was done.
package struct CleanStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let engine: any RecognitionEngine
    /// How long an engine may keep it waiting, once it failed to drop a copy.
    private let timeout: Duration

    /// A ticket came while the others were being dropped: its worker learned late that the job had ended.
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
                // Locks the job: who keeps a ticket, or deletes the job, comes before and is seen, or comes after and wakes the task.
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
            // Locks the job, as keeping a ticket does: one of the two sees the other.
            try claim.finish(in: transaction)
            guard try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: transaction).isEmpty else {
                throw TicketsLeft()
            }
        }
    }

    /// The source of a failed job that an operator may still try again.
    private static func keptSource(of claim: ClaimedTask, in transaction: PostgresTransaction) throws -> StorageKey? {
        try transaction.first(
            """
            SELECT source_key FROM jobs
            WHERE tenant_id = \(claim.tenant) AND id = \(claim.job) AND source_key IS NOT NULL
                AND source_kept_until > now()
            """, as: String.self
        ).map(StorageKey.init(path:))
    }

    /// All that can be; what cannot is tried again later, and keeps none of the others waiting. Of an engine that answers nothing any
    /// more only so much is asked: other jobs' audio waits for this place. The next try begins with another copy.
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
