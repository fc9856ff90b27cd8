import Billing
import Postgres
import Tenancy

/// Turns a submission into a job, a reservation and a first task, in one transaction.
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

    /// Checks what can be checked before a recording is received: whether the tenant has room for one more job, and minutes left in its month.
    ///
    /// - Throws: ``AdmissionError`` or `ReservationError`.
    package func check(
        _ tenant: TenantID, by submitter: Submitter?, _ effectiveLimits: EffectiveLimits, acceptOverage: Bool
    ) async throws {
        let now = clock()
        try await databases.app.transaction(of: tenant) { transaction in
            try TenantLoad.of(tenant, in: transaction).checkRoom(effectiveLimits)
            try Reservation.checkRoom(
                of: tenant, for: submitter, effectiveLimits: effectiveLimits, acceptOverage: acceptOverage, at: now,
                in: transaction)
        }
    }

    /// Tells the account that a submission exceeded a limit, the first time in the month.
    package func noteRefusal(by limit: QuotaLimit, of tenant: TenantID) async throws {
        let now = clock()
        try await databases.app.transaction(of: tenant) { transaction in
            guard let alert = try UsageAlert.refused(by: limit, at: now, of: tenant, in: transaction) else { return }
            try AccountEvent.usage(alert).record(of: tenant, at: now, in: transaction)
        }
    }

    /// Queues a job. If it throws, nothing was queued, and the caller must remove the stored source. Exception: after
    /// ``AdmissionError/outcomeUnknown(_:)`` the source must stay.
    ///
    /// - Parameters:
    ///   - key: the customer's idempotency key. The answer is stored with it, in the same transaction.
    ///   - retry: the failed job whose recording is submitted again. The caller holds it; the same transaction ends the hold.
    ///   - answer: returns the response for the customer.
    /// - Throws: ``AdmissionError``, `ReservationError`, or an error of the database.
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
                // Locks first an existing job, then the month, and last the load: the same order as when a job ends.
                try retry?.complete(in: transaction)
                if let token = submission.singleUse {
                    try UsedToken.spend(token, of: submission.tenant, in: transaction)
                }
                try Reservation.make(
                    for: submission.id, of: submission.tenant, by: submission.submitter,
                    seconds: submission.estimatedSeconds,
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
        hint.send(.queued)
        return job
    }

    /// Queues the job of a test key, which ends by itself. The account's limits of minutes and of jobs at once don't count.
    ///
    /// - Throws: ``AdmissionError``, or an error of the database.
    package func admitSimulated(
        _ submission: Submission, under key: IdempotencyClaim? = nil,
        answer: @Sendable (Job) -> [UInt8] = { _ in [] }
    ) async throws -> Job {
        let now = clock()
        let end = submission.options.simulatedEnd ?? SimulatedEnd()
        return try await databases.app.transaction(of: submission.tenant) { transaction in
            if let token = submission.singleUse {
                try UsedToken.spend(token, of: submission.tenant, in: transaction)
            }
            guard try !JobLifecycle.isFullOfSimulated(submission.tenant, in: transaction) else {
                throw AdmissionError.backlogFull(limit: JobLifecycle.mostSimulated)
            }
            try submission.insertSimulated(end, at: now, in: transaction)
            try submission.requireAccount(in: transaction)
            let job = try Self.found(submission, in: transaction)
            try key?.complete(job.id, answer: answer(job), in: transaction)
            return job
        }
    }

    /// Finds out whether the job was queued, after the connection broke during COMMIT. Unstructured, so that it also runs if the caller was
    /// cancelled: without the answer, the source must not be removed.
    private func look(for submission: Submission, at now: Timestamp) async throws -> Job {
        let databases = databases
        return try await Task {
            do {
                return try await databases.app.transaction(of: submission.tenant) { transaction in
                    // The broken transaction locks the month until it is committed or rolled back, even if it has created the month.
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
    /// Throws ``AdmissionError`` unless one more job may be submitted.
    package func checkRoom(_ effectiveLimits: EffectiveLimits) throws {
        if !effectiveLimits.isQueueingEnabled, queued + running >= effectiveLimits.concurrency {
            throw AdmissionError.tooManyAtOnce(limit: effectiveLimits.concurrency)
        }
        if queued >= Self.longestBacklog { throw AdmissionError.backlogFull(limit: Self.longestBacklog) }
    }
}

package enum AdmissionError: Error {
    /// The account was deleted while the recording was received.
    case accountDeleted
    /// The job was not queued.
    case notQueued
    /// It is unknown whether the job was queued, because the database does not answer.
    case outcomeUnknown(any Error)
    /// The account has as many unfinished jobs as it may run at the same time, and queueing is off.
    case tooManyAtOnce(limit: Int)
    /// The account has as many uploads in progress as its plan allows.
    case tooManyUploads(limit: Int)
    /// The maximum number of jobs are waiting.
    case backlogFull(limit: Int)
    /// Another request has taken over the idempotency key, because this one did not renew it for too long.
    case keyTakenOver
    /// Somebody else has taken over the retry of the failed job, because this caller did not renew its claim for too long. Or the customer has
    /// deleted the job.
    case retryTakenOver
}
