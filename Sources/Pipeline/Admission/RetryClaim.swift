import Postgres
import Tenancy

/// A failed job that this caller is submitting once more, as `new`: nobody else does until that is queued, given up, or silent for too long.
///
/// The claim is a lease, so that a caller who dies blocks the job for a while alone; and it is asked again in the transaction that queues
/// the new job, so that one who was merely slow queues nothing.
package struct RetryClaim: Sendable {
    /// How long a claim holds unless it is renewed.
    package static let lease = Duration.seconds(60)

    let job: JobID
    let tenant: TenantID
    package let new: JobID

    /// Takes the job, if it is free: nobody's, or one's who fell silent before the new job was there.
    func take(in transaction: PostgresTransaction) throws {
        let found = try transaction.first(
            """
            SELECT retried_as, retry_lease_until, coalesce(retry_lease_until > now(), false), deleted_at IS NOT NULL FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) FOR NO KEY UPDATE
            """, as: JobID?.self, Timestamp?.self, Bool.self, Bool.self)
        guard let (before, until, isHeld, isDeleted) = found, !isDeleted else { throw JobRetry.Gone() }
        if let before {
            // Looked for once the row is held: a new job that was just being queued is there by now.
            if try Job.status(before, of: tenant, in: transaction) != nil { throw JobRetry.Done(job: before) }
            if isHeld, let until { throw JobRetry.UnderWay(job: before, until: until) }
        }
        try JobLifecycle.holdForRetry(job, of: tenant, as: new, lease: Self.lease, in: transaction)
    }

    /// Runs `body`, which queues the new job, and holds the claim for as long. When it throws, the job is free again at once; except where
    /// the new job may be there all the same.
    func holding<T>(on pool: PostgresPool, _ body: () async throws -> T) async throws -> T {
        let renewal = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.lease / 3)
                // What cannot be renewed now may be the next time; admission finds out when it was taken over.
                try? await renew(on: pool)
            }
        }
        defer { renewal.cancel() }
        do {
            return try await body()
        } catch AdmissionError.outcomeUnknown(let error) {
            throw AdmissionError.outcomeUnknown(error)
        } catch {
            await Task { try? await abandon(on: pool) }.value
            throw error
        }
    }

    /// Lets the job go, in the transaction that queues the new one.
    func complete(in transaction: PostgresTransaction) throws {
        guard try JobLifecycle.completeRetry(of: job, of: tenant, as: new, in: transaction) else {
            throw AdmissionError.retryTakenOver
        }
    }

    private func renew(on pool: PostgresPool) async throws {
        try await JobLifecycle.renewRetry(of: job, of: tenant, as: new, lease: Self.lease, on: pool)
    }

    private func abandon(on pool: PostgresPool) async throws {
        try await JobLifecycle.abandonRetry(of: job, of: tenant, as: new, on: pool)
    }
}
