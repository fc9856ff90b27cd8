import Billing
import Postgres
import Tenancy

// How a job ends: each in the one transaction that also ends its task, bills it or gives its reservation back, and has its audio removed.
extension ClaimedTask {
    /// Ends the job with `failure`.
    ///
    /// A failed `clean` task ends no job: the outcome stands already.
    ///
    /// - Parameter retention: for how long the source stays, for an operator who would try again, where that makes sense.
    package func failJob(
        _ failure: JobFailure, keepingSourceFor retention: Duration = .zero, in transaction: PostgresTransaction
    ) throws {
        try fail(failure.code.rawValue, in: transaction)
        guard let status = try Job.status(job, of: tenant, in: transaction), !status.isFinished else { return }
        // Removing takes its time, and is tried again when it fails: it begins before the promise ends.
        let kept = failure.mayPass && retention > .zero ? retention * 0.98 : nil
        try JobLifecycle.fail(job, of: tenant, failure, keepingSourceFor: kept, in: transaction)
        try Reservation.release(job, of: tenant, in: transaction)
        try JobEnd(job: job, tenant: tenant, from: status).write(in: transaction)
    }

    /// Ends the job with its transcript.
    ///
    /// - Parameter publicURL: where customers reach the service, for the transcript's address in the webhook.
    package func completeJob(
        _ transcript: Transcript, body: [UInt8], publicURL: String? = nil, in transaction: PostgresTransaction
    ) throws {
        try finish(in: transaction)
        try StoredTranscript(body: body).insert(for: job, of: tenant, in: transaction)
        let samples = try JobLifecycle.complete(job, of: tenant, engine: transcript.engine, in: transaction)
        guard let samples else { throw LeaseLost() }
        try Reservation.settle(job, of: tenant, seconds: Samples.billedSeconds(samples), in: transaction)
        try JobEnd(job: job, tenant: tenant, from: .processing, publicURL: publicURL).write(in: transaction)
    }
}

extension Job {
    /// Ends an unfinished job at its customer's word: whoever works on it stops. Answers the job as it is then, nil when there is none.
    ///
    /// Throws ``JobFinished``.
    package static func cancel(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Job? {
        try lock(id, of: tenant, in: transaction)
        guard let job = try find(id, of: tenant, in: transaction) else { return nil }
        guard !job.status.isFinished else { throw JobFinished() }
        try JobLifecycle.cancel(id, of: tenant, in: transaction)
        try Reservation.release(id, of: tenant, in: transaction)
        try JobEnd(job: id, tenant: tenant, from: job.status).write(in: transaction)
        return try find(id, of: tenant, in: transaction)
    }
}

/// The job has ended already.
package struct JobFinished: Error {}

/// What follows from a job's end, whichever it is. The caller holds the job's row.
private struct JobEnd {
    let job: JobID
    let tenant: TenantID
    /// Where the job stood before.
    let from: JobStatus
    var publicURL: String?

    func write(in transaction: PostgresTransaction) throws {
        try JobTasks.end(job, of: tenant, in: transaction)
        // What was heard in the parts is in the transcript, or not needed any more.
        try ChunkStore.remove(of: job, of: tenant, in: transaction)
        try WebhookEvent.record(for: job, of: tenant, publicURL: publicURL, in: transaction)
        try TenantLoad.remove(from, from: tenant, in: transaction)
    }
}
