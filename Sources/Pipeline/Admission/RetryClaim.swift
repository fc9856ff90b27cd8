import Postgres
import Tenancy

/// A claim on a failed job that this caller is submitting again, as `new`. Nobody else can do so until the new job is queued, the claim is given
/// up, or its lease expires.
///
/// The lease ensures that a caller who dies does not block the job for long. The claim is checked again in the transaction that queues the new
/// job, so that a caller who was merely slow queues nothing.
package struct RetryClaim: Sendable {
    /// How long a claim holds unless it is renewed.
    package static let lease = Duration.seconds(60)

    let job: JobID
    let tenant: TenantID
    package let new: JobID

    /// Takes the claim if it is free: nobody has it, or its lease expired before the new job was queued.
    func take(in transaction: PostgresTransaction) throws {
        let found = try transaction.first(
            """
            SELECT retried_as, retry_lease_until, coalesce(retry_lease_until > now(), false), deleted_at IS NOT NULL FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) FOR NO KEY UPDATE
            """, as: JobID?.self, Timestamp?.self, Bool.self, Bool.self)
        guard let (before, until, isHeld, isDeleted) = found, !isDeleted else { throw JobRetry.Gone() }
        if let before {
            // Comes after the row is locked, so that a new job that was just being queued is visible now.
            if try Job.status(before, of: tenant, in: transaction) != nil { throw JobRetry.Done(job: before) }
            if isHeld, let until { throw JobRetry.UnderWay(job: before, until: until) }
        }
        try JobLifecycle.holdForRetry(job, of: tenant, as: new, lease: Self.lease, in: transaction)
    }

    /// Runs `body`, which queues the new job, and renews the claim meanwhile. If it throws, the claim is given up at once, unless the new job
    /// may have been queued.
    func holding<T>(on pool: PostgresPool, _ body: () async throws -> T) async throws -> T {
        let renewal = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.lease / 3)
                // If this fails, the next renewal may succeed. Admission notices if the claim was taken over.
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

    /// Ends the claim, in the transaction that queues the new job.
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
