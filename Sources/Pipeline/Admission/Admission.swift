import Billing
import Postgres
import Tenancy

/// The door of the queue: a submission becomes a job, its reservation and its first task in one transaction, or nothing at all.
package struct Admission: Sendable {
    private let databases: Databases
    private let hint: QueueHint
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, hint: QueueHint, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.hint = hint
        self.clock = clock
    }

    /// What can be said before a recording is received: whether the tenant has room for one more job and anything left of its month.
    ///
    /// Throws ``AdmissionError`` or `ReservationError`.
    package func check(_ tenant: TenantID, _ effectiveLimits: EffectiveLimits, acceptOverage: Bool) async throws {
        let month = BillingMonth(of: clock())
        try await databases.app.transaction(of: tenant) { transaction in
            try TenantLoad.of(tenant, in: transaction).checkRoom(effectiveLimits)
            let state = try UsageMonth.of(month, tenant: tenant, in: transaction)
            guard
                (acceptOverage && effectiveLimits.sellsOverage)
                    || state.used + state.reserved < effectiveLimits.includedSeconds
            else { throw ReservationError.quotaExceeded(overageAllowed: effectiveLimits.sellsOverage) }
        }
    }

    /// Queues a job. When it throws, nothing was queued, and the stored source is the caller's to remove; except with
    /// ``AdmissionError/outcomeUnknown``: then the source must stay where it is.
    ///
    /// - Parameters:
    ///   - key: the customer's key for this submission; the answer is kept with it, in the same transaction.
    ///   - retry: the failed job whose recording it is once more, held by the caller; let go in the same transaction.
    ///   - answer: what the customer is told.
    /// - Throws: ``AdmissionError``, `ReservationError`, or what the database says.
    package func admit(
        _ submission: Submission, under key: IdempotencyClaim? = nil, retrying retry: RetryClaim? = nil,
        answer: @Sendable (Job) -> [UInt8] = { _ in [] }
    ) async throws -> Job {
        let job: Job
        let now = clock()
        do {
            job = try await databases.app.transaction(of: submission.tenant) { transaction in
                guard let effectiveLimits = try EffectiveLimits.of(submission.tenant, in: transaction) else {
                    throw AdmissionError.notQueued
                }
                // A job that is there first, then the month, the load last: as jobs that end do it.
                try retry?.complete(in: transaction)
                try Reservation.make(
                    for: submission.id, of: submission.tenant, seconds: submission.estimatedSeconds,
                    effectiveLimits: effectiveLimits, acceptOverage: submission.acceptOverage, at: now, in: transaction)
                try submission.insert(effectiveLimits, at: now, in: transaction)
                try submission.requireAccount(in: transaction)
                let job = try Self.found(submission, in: transaction)
                try key?.complete(job.id, answer: answer(job), in: transaction)
                try TenantLoad.add(to: submission.tenant, in: transaction) { try $0.checkRoom(effectiveLimits) }
                return job
            }
        } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
            job = try await look(for: submission, at: now)
        }
        hint.send()
        return job
    }

    /// After a connection that broke while COMMIT was under way: the job is there or it is not. Also when the caller is gone: who does
    /// not know must not remove the source.
    private func look(for submission: Submission, at now: Timestamp) async throws -> Job {
        let databases = databases
        return try await Task {
            do {
                return try await databases.app.transaction(of: submission.tenant) { transaction in
                    // The admission holds the month until it is decided, also where it has just made it.
                    try UsageMonth.wait(for: BillingMonth(of: now), of: submission.tenant, in: transaction)
                    return try Self.found(submission, in: transaction)
                }
            } catch AdmissionError.notQueued {
                throw AdmissionError.notQueued
            } catch {
                throw AdmissionError.outcomeUnknown(error)
            }
        }.value
    }

    private static func found(_ submission: Submission, in transaction: PostgresTransaction) throws -> Job {
        guard let job = try Job.find(submission.id, of: submission.tenant, in: transaction) else {
            throw AdmissionError.notQueued
        }
        return job
    }
}

extension TenantLoad {
    /// Whether one more job may be submitted. Throws ``AdmissionError``.
    package func checkRoom(_ effectiveLimits: EffectiveLimits) throws {
        if !effectiveLimits.isQueueingEnabled, queued + running >= effectiveLimits.concurrency {
            throw AdmissionError.tooManyAtOnce(limit: effectiveLimits.concurrency)
        }
        if queued >= Self.longestBacklog { throw AdmissionError.backlogFull(limit: Self.longestBacklog) }
    }
}

package enum AdmissionError: Error {
    /// The account was deleted while the recording came in.
    case accountDeleted
    /// The job is not there.
    case notQueued
    /// Whether the job is there could not be found out: the database is away.
    case outcomeUnknown(any Error)
    /// The account has as many jobs under way as it may, and does not let more wait.
    case tooManyAtOnce(limit: Int)
    /// As many jobs wait as may.
    case backlogFull(limit: Int)
    /// Another request has taken over the idempotency key meanwhile: this one was silent for too long.
    case keyTakenOver
    /// Somebody else submits the failed job once more, this caller having been silent for too long, or its customer has deleted it.
    case retryTakenOver
}
