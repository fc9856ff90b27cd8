import Billing
import Postgres
import Tenancy

extension Submission {
    /// Queues the job, with the limits that its tenant has now.
    func insert(_ allowance: Allowance, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, created_at, status_changed_at, diarize, language_requested, speakers_expected, metadata,
                webhook_url, max_duration_ms, source_type, source_url, source_name, source_bytes, estimated_ms,
                source_channels, source_key)
            VALUES (
                \(tenant), \(id), \(now), \(now), \(options.diarize), \(options.language.text),
                \(options.speakersExpected), \(options.metadata), \(options.webhookURL),
                \(allowance.maxDurationSeconds * 1000),
                \(url == nil ? "upload" : "url"), \(url?.text), \(file?.name), \(file?.bytes),
                \(file?.estimatedMilliseconds), \(file?.channels), \(file?.key.path))
            """)
        let task =
            if let file {
                NewTask(
                    kind: .prepare, job: id, of: tenant, isLong: Preparations.isLong(file.estimatedMilliseconds))
            } else {
                NewTask(kind: .fetch, job: id, of: tenant)
            }
        try task.insert(priority: allowance.queueClass, in: transaction)
    }

    /// Throws ``AdmissionError/accountDeleted``.
    ///
    /// Asked once the job is inserted, which holds the tenant's row: a deletion is either seen here, or comes later and finds the job.
    func requireAccount(in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AdmissionError.accountDeleted }
    }
}
