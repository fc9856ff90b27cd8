import Postgres
import Tenancy

/// A chunk that was submitted to an external engine: enough to poll it again after a restart, and to have it deleted there.
package struct EngineTicket: Sendable, Hashable {
    /// The engine that issued the ticket, as transcripts name it.
    package let engine: String
    /// The engine's own id.
    package let id: String
    /// When the chunk was submitted, by the clock of the machine that submitted it.
    package let submittedAt: Timestamp
    /// How often the chunk has been submitted: 1 the first time.
    package let attempt: Int

    package init(engine: String, id: String, submittedAt: Timestamp, attempt: Int) {
        self.engine = engine
        self.id = id
        self.submittedAt = submittedAt
        self.attempt = attempt
    }
}

extension EngineTicket {
    /// Returns the chunk's latest ticket, or nil if it was never submitted.
    static func latest(of chunk: Int, job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> Self?
    {
        try transaction.query(
            """
            SELECT engine, ticket, submitted_at, attempt FROM engine_tickets
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND chunk = \(chunk)
            ORDER BY attempt DESC, submitted_at DESC LIMIT 1
            """
        ).first.map(EngineTicket.init(row:))
    }

    /// Returns all tickets of a job whose copies are not deleted yet.
    package static func all(of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws
        -> [EngineTicket]
    {
        try transaction.query(
            """
            SELECT engine, ticket, submitted_at, attempt FROM engine_tickets
            WHERE tenant_id = \(tenant) AND job_id = \(job) ORDER BY chunk, attempt
            """
        ).map(EngineTicket.init(row:))
    }

    private init(row: PostgresRow) throws {
        let (engine, id, submittedAt, attempt) = try row.decode(String.self, String.self, Timestamp.self, Int.self)
        self.init(engine: engine, id: id, submittedAt: submittedAt, attempt: attempt)
    }
}

extension ClaimedTask {
    /// Stores the ticket of this task's chunk. If the job has ended in the meantime, wakes its clean-up again, so that the engine's copy
    /// doesn't outlive the job.
    package func keep(_ ticket: EngineTicket, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO engine_tickets (tenant_id, job_id, chunk, attempt, engine, ticket, submitted_at)
            VALUES (
                \(tenant), \(job), \(part), \(ticket.attempt), \(ticket.engine), \(ticket.id), \(ticket.submittedAt))
            ON CONFLICT DO NOTHING
            """)
        let ended = try transaction.first(
            """
            SELECT status IN ('completed', 'failed', 'cancelled') FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) FOR NO KEY UPDATE
            """, as: Bool.self)
        guard ended == true else { return }
        try JobTasks.wakeCleaning(of: job, of: tenant, in: transaction)
    }

    /// Deletes the ticket, once the engine's copy is deleted.
    package func drop(_ ticket: EngineTicket, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM engine_tickets
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND engine = \(ticket.engine) AND ticket = \(ticket.id)
            """)
    }
}
