import Billing
import Foundation
import Postgres
import Tenancy

// How a job ends. One transaction ends the job and its task, bills it or releases its reservation, and has its audio removed.
extension ClaimedTask {
    /// Ends the job with `failure`.
    ///
    /// If the job has already ended, as when a `clean` task fails, only the task fails.
    ///
    /// - Parameter retention: How long to keep the recording for a retry by an operator, if a retry makes sense.
    package func failJob(
        _ failure: JobFailure, keepingSourceFor retention: Duration = .zero, in transaction: PostgresTransaction
    ) throws {
        try fail(failure.code.rawValue, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction), !found.status.isFinished else { return }
        let (status, createdAt) = (found.status, found.createdAt)
        // Removal takes time and may need retries, so it begins before the promised time is over.
        let kept = failure.mayPass && retention > .zero ? retention * 0.98 : nil
        try JobLifecycle.fail(job, of: tenant, failure, keepingSourceFor: kept, in: transaction)
        try Reservation.release(job, of: tenant, in: transaction)
        let limit = failure.code == .quotaExceeded ? failure.reason.flatMap(QuotaLimit.init) : nil
        let alert = try limit.flatMap { try UsageAlert.refused(by: $0, at: createdAt, of: tenant, in: transaction) }
        try JobEnd(job: job, tenant: tenant, from: status, alerts: alert.map { [$0] } ?? []).write(in: transaction)
    }

    /// Ends the job with its transcript.
    ///
    /// - Parameters:
    ///   - body: The transcript as it is stored.
    ///   - publicURL: Where customers reach the service, for the transcript's URL in the webhook.
    /// - Throws: ``LeaseLost`` if the job is no longer this task's to end.
    package func completeJob(
        _ transcript: Transcript, body: [UInt8], publicURL: String? = nil, in transaction: PostgresTransaction
    ) throws {
        try finish(in: transaction)
        try StoredTranscript(body: body).insert(for: job, of: tenant, in: transaction)
        let samples = try JobLifecycle.complete(job, of: tenant, engine: transcript.engine, in: transaction)
        guard let samples else { throw LeaseLost() }
        let alerts = try Reservation.settle(
            job, of: tenant, seconds: Samples.billedSeconds(samples), in: transaction)
        try JobEnd(job: job, tenant: tenant, from: .processing, publicURL: publicURL, alerts: alerts)
            .write(in: transaction)
    }
}

extension Job {
    /// Cancels an unfinished job, so that workers stop working on it.
    ///
    /// - Parameter failure: why, if not its customer has cancelled it.
    /// - Returns: The cancelled job; nil if there is no such job.
    /// - Throws: ``JobFinished``.
    package static func cancel(
        _ id: JobID, of tenant: TenantID, because failure: JobFailure? = nil, in transaction: PostgresTransaction
    ) throws -> Job? {
        try lock(id, of: tenant, in: transaction)
        guard let job = try find(id, of: tenant, in: transaction) else { return nil }
        guard !job.status.isFinished else { throw JobFinished() }
        try JobLifecycle.cancel(id, of: tenant, because: failure, in: transaction)
        if job.isTest {
            try WebhookEvent.record(for: id, of: tenant, in: transaction)
        } else {
            try Reservation.release(id, of: tenant, in: transaction)
            try JobEnd(job: id, tenant: tenant, from: job.status).write(in: transaction)
        }
        return try find(id, of: tenant, in: transaction)
    }

    /// Ends the job of a test key as its customer asked for. Returns false if it is not queued any more.
    static func simulateEnd(
        of id: JobID, of tenant: TenantID, publicURL: String?, signedBy key: ProvenanceKey,
        in transaction: PostgresTransaction
    ) throws -> Bool {
        try lock(id, of: tenant, in: transaction)
        guard let end = try JobLifecycle.simulatedEnd(of: id, of: tenant, in: transaction) else { return false }
        try JobLifecycle.start([(id, tenant)], in: transaction)
        if let failure = end.failure {
            try JobLifecycle.fail(id, of: tenant, failure, keepingSourceFor: nil, in: transaction)
        } else {
            let transcript = Transcript.sample(of: id.rawValue)
                .worded(by: try WordOptions.find(id, of: tenant, in: transaction))
            let samples = Samples.from(milliseconds: transcript.durationMilliseconds)
            _ = try JobLifecycle.notePreparation(
                of: id, of: tenant, total: samples, work: samples, done: samples, parts: 0,
                language: transcript.language, languageConfidence: transcript.languageConfidence,
                engine: transcript.engine, diarization: transcript.diarization, in: transaction)
            try StoredTranscript(body: Array(try JSONEncoder().encode(transcript)))
                .insert(for: id, of: tenant, in: transaction)
            _ = try JobLifecycle.complete(id, of: tenant, engine: transcript.engine, in: transaction)
            try ProvenanceRecord.add(
                of: ProvenanceRecord.Subject(transcript), job: id, tenant: tenant, issuer: publicURL, signedBy: key,
                in: transaction)
        }
        try WebhookEvent.record(for: id, of: tenant, publicURL: publicURL, in: transaction)
        return true
    }
}

/// The job has ended already.
package struct JobFinished: Error {}

/// What follows from any end of a job. The caller holds the job's row lock.
private struct JobEnd {
    let job: JobID
    let tenant: TenantID
    /// The job's status before.
    let from: JobStatus
    var publicURL: String?
    /// What the account is told of its month because of this end.
    var alerts: [UsageAlert] = []

    func write(in transaction: PostgresTransaction) throws {
        try JobTasks.end(job, of: tenant, in: transaction)
        // The results of chunks and sections are in the transcript, or no longer needed.
        try ChunkStore.remove(of: job, of: tenant, in: transaction)
        try WebhookEvent.record(for: job, of: tenant, publicURL: publicURL, in: transaction)
        for alert in alerts { try AccountEvent.usage(alert).record(of: tenant, in: transaction) }
        try TenantLoad.remove(from, from: tenant, in: transaction)
    }
}
