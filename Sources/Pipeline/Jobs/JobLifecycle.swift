import Postgres
import Tenancy

/// A job's life, step by step: queued → processing → completed, failed or cancelled → deleted. Only this type writes the table `jobs`.
///
/// Each step is one statement in its caller's transaction, together with everything else that changes: `Admission` queues a job with its first
/// task, `FairScheduler` starts it with its first claim, the stages store what they found, `JobOutcome` ends it with its bill and its webhook,
/// `JobDeletion` leaves a tombstone. A step that must not happen twice or too late is conditional, and returns whether it happened. Callers must
/// check this, or they would write something about a job that has already ended.
enum JobLifecycle {
    // MARK: queued

    /// Writes a new job, queued.
    ///
    /// - Parameters:
    ///   - submitter: who submits it; nil if that is unknown.
    ///   - maxMilliseconds: the maximum length of its recording.
    ///   - url: the URL of its recording; nil for an upload.
    ///   - name: the recording's name, only for display. This and the following ones are nil as long as they are unknown.
    ///   - estimatedMilliseconds: the length that the probe estimated.
    ///   - channels: the channels that the probe found.
    ///   - path: the path of the recording in storage.
    static func queue(
        _ job: JobID, of tenant: TenantID, by submitter: Submitter?, _ options: JobOptions, maxMilliseconds: Int64,
        url: String?,
        name: String?, bytes: Int64?, estimatedMilliseconds: Int64?, channels: Int?, path: String?,
        trace: TraceContext, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, created_at, status_changed_at, diarize, language_requested, speakers_expected, speakers_min,
                speakers_max, metadata, webhook_url, max_duration_ms, source_type, source_url, source_name,
                source_bytes, estimated_ms,
                source_channels, source_key, key_id, transcript_retention_days, deadline_at, traceparent)
            VALUES (
                \(tenant), \(job), \(now), \(now), \(options.diarize), \(options.language.text),
                \(options.speakers.expected), \(options.speakers.least), \(options.speakers.most),
                \(options.metadata), \(options.webhookURL), \(maxMilliseconds),
                \(url == nil ? "upload" : "url"), \(url), \(name), \(bytes), \(estimatedMilliseconds), \(channels),
                \(path), \(submitter), \(options.transcriptRetentionDays), \(options.deadline(from: now)),
                \(trace.header))
            """)
    }

    /// Writes a new job of a test key, queued. It ends in the way of `end`. Its recording, if there was one, is not kept.
    static func queueSimulated(
        _ job: JobID, of tenant: TenantID, by submitter: Submitter?, _ options: JobOptions, _ end: SimulatedEnd,
        url: String?, name: String?, bytes: Int64?, trace: TraceContext, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, created_at, status_changed_at, diarize, language_requested, speakers_expected, speakers_min,
                speakers_max, metadata, webhook_url, max_duration_ms, source_type, source_url, source_name,
                source_bytes, source_deleted_at,
                key_id, transcript_retention_days, deadline_at, is_test, test_outcome, test_due_at,
                traceparent)
            VALUES (
                \(tenant), \(job), \(now), \(now), \(options.diarize), \(options.language.text),
                \(options.speakers.expected), \(options.speakers.least), \(options.speakers.most),
                \(options.metadata), \(options.webhookURL), 1,
                \(url == nil ? "upload" : "url"), \(url), \(name), \(bytes), \(url == nil ? now : nil),
                \(submitter), \(options.transcriptRetentionDays), \(options.deadline(from: now)), true, \(end.outcome), \(now + .seconds(end.delaySeconds)),
                \(trace.header))
            """)
    }

    /// How many jobs of a tenant's test keys may be unfinished.
    package static let mostSimulated = 1000

    /// Returns whether the tenant has as many unfinished jobs of test keys as it may.
    static func isFullOfSimulated(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.first(
            """
            SELECT count(*) >= \(mostSimulated) FROM (
                SELECT FROM jobs WHERE tenant_id = \(tenant) AND status IN ('queued', 'processing') AND is_test
                LIMIT \(mostSimulated)) unfinished
            """, as: Bool.self) ?? false
    }

    /// A condition: whether there are jobs of test keys whose time has come.
    static let isAnySimulationDue: PostgresQuery =
        "EXISTS (SELECT FROM jobs WHERE is_test AND status = 'queued' AND test_due_at <= now())"

    /// Returns jobs of test keys, of all tenants, whose time has come.
    static func dueSimulations(
        limit: Int, in transaction: PostgresTransaction
    ) throws -> [(TenantID, JobID)] {
        try transaction.all(
            """
            SELECT tenant_id, id FROM jobs WHERE is_test AND status = 'queued' AND test_due_at <= now()
            ORDER BY test_due_at LIMIT \(limit)
            """, as: TenantID.self, JobID.self)
    }

    /// Returns how the job of a test key ends, which the caller has locked; nil if it is not queued any more.
    static func simulatedEnd(
        of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> SimulatedEnd? {
        try transaction.first(
            """
            SELECT test_outcome FROM jobs WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'queued' AND is_test
            """, as: String.self
        ).map { SimulatedEnd(outcome: $0) ?? SimulatedEnd() }
    }

    // MARK: processing

    /// Starts queued jobs, which the caller has locked.
    static func start(_ jobs: [(id: JobID, tenant: TenantID)], in transaction: PostgresTransaction) throws {
        if jobs.isEmpty { return }
        try transaction.execute(
            """
            UPDATE jobs SET status = 'processing', started_at = now(), status_changed_at = now()
            FROM unnest(\(jobs.map(\.tenant.rawValue))::text[], \(jobs.map(\.id.rawValue))::text[]) s (tenant_id, id)
            WHERE jobs.tenant_id = s.tenant_id AND jobs.id = s.id
            """)
    }

    /// Stores which recording was fetched for the job. Returns false if the job has ended or already has one.
    static func noteSource(
        of job: JobID, of tenant: TenantID, path: String, name: String?, bytes: Int64, estimatedMilliseconds: Int64?,
        channels: Int?, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE jobs
            SET source_key = \(path), source_name = \(name), source_bytes = \(bytes),
                estimated_ms = \(estimatedMilliseconds), source_channels = \(channels)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND source_key IS NULL
            """) == 1
    }

    /// Stores that the recording is longer than `milliseconds`, whatever its file says. Does nothing if the task has another fence or does not
    /// run any more.
    static func noteLength(
        of job: JobID, of tenant: TenantID, beyond milliseconds: Int64, task: Int64, fence: Int64,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE jobs SET estimated_ms = greatest(coalesce(estimated_ms, 0), \(milliseconds + 1))
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
                AND EXISTS (
                    SELECT FROM tasks
                    WHERE tenant_id = \(tenant) AND id = \(task) AND fence = \(fence) AND status = 'running')
            """)
    }

    /// Stores what the preparation found. Returns false if the job has ended.
    ///
    /// - Parameters:
    ///   - total: the samples of the recording.
    ///   - work: the samples to process, in all parts together.
    ///   - done: the samples of parts that need no processing.
    ///   - parts: how many parts must be processed.
    static func notePreparation(
        of job: JobID, of tenant: TenantID, total: Int64, work: Int64, done: Int64, parts: Int, language: String,
        languageConfidence: Double?, engine: String, diarization: String, sourceDigest: [UInt8]? = nil,
        in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE jobs
            SET samples_total = \(total), samples_to_process = \(work), samples_processed = \(done), parts_left = \(parts),
                language = \(language), language_confidence = \(languageConfidence), engine = \(engine),
                diarization = \(diarization), source_sha256 = \(sourceDigest)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            """) == 1
    }

    /// Counts a part of the job as done. Returns how many parts are left, or nil if the job has ended.
    static func endPart(
        of job: JobID, of tenant: TenantID, samples: Int64, in transaction: PostgresTransaction
    ) throws -> Int? {
        try transaction.first(
            """
            UPDATE jobs SET samples_processed = samples_processed + \(samples), parts_left = parts_left - 1
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            RETURNING parts_left
            """, as: Int.self)
    }

    // MARK: completed, failed, cancelled

    /// Completes a job. Returns the samples of its recording, or nil if the job has already ended.
    static func complete(
        _ job: JobID, of tenant: TenantID, engine: String, in transaction: PostgresTransaction
    ) throws -> Int64? {
        try transaction.first(
            """
            UPDATE jobs
            SET status = 'completed', completed_at = now(), status_changed_at = now(), engine = \(engine),
                transcript_due_at = now() + make_interval(days => transcript_retention_days)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND samples_total IS NOT NULL
            RETURNING samples_total
            """, as: Int64.self)
    }

    /// Fails a job that the caller has locked and found unfinished.
    ///
    /// - Parameter retention: how long its source is kept; nil: the clean-up deletes it at once.
    static func fail(
        _ job: JobID, of tenant: TenantID, _ failure: JobFailure, keepingSourceFor retention: Duration?,
        in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE jobs
            SET status = 'failed', completed_at = now(), status_changed_at = now(), error_code = \(failure.code),
                error_reason = \(failure.reason), error_message = \(failure.message),
                source_kept_until = now() + make_interval(secs => \(retention.map { $0 / .seconds(1) }))
            WHERE tenant_id = \(tenant) AND id = \(job)
            """)
    }

    /// Cancels a job that the caller has locked and found unfinished.
    ///
    /// - Parameter failure: why, if not its customer has cancelled it.
    static func cancel(
        _ job: JobID, of tenant: TenantID, because failure: JobFailure? = nil, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE jobs
            SET status = 'cancelled', completed_at = now(), status_changed_at = now(), error_code = \(failure?.code),
                error_message = \(failure?.message)
            WHERE tenant_id = \(tenant) AND id = \(job)
            """)
    }

    /// A condition: whether there are unfinished jobs whose deadline is over.
    static let isAnyOverdue: PostgresQuery = """
        EXISTS (SELECT FROM jobs
            WHERE deadline_at <= now() AND deadline_at IS NOT NULL AND status IN ('queued', 'processing'))
        """

    /// Returns unfinished jobs, of all tenants, whose deadline is over.
    static func overdue(limit: Int, in transaction: PostgresTransaction) throws -> [(TenantID, JobID)] {
        try transaction.all(
            """
            SELECT tenant_id, id FROM jobs
            WHERE deadline_at <= now() AND deadline_at IS NOT NULL AND status IN ('queued', 'processing')
            ORDER BY deadline_at LIMIT \(limit)
            """, as: TenantID.self, JobID.self)
    }

    /// Returns jobs, of all tenants, whose transcript has been kept long enough: by the job's own retention or by its account's.
    static func withTranscriptsDue(limit: Int, in transaction: PostgresTransaction) throws -> [(TenantID, JobID)] {
        try transaction.all(
            """
            (SELECT tenant_id, id FROM jobs
            WHERE transcript_due_at <= now() AND transcript_due_at IS NOT NULL AND status = 'completed'
                AND transcript_deleted_at IS NULL
            ORDER BY transcript_due_at LIMIT \(limit))
            UNION
            (SELECT j.tenant_id, j.id FROM account_limits a CROSS JOIN LATERAL (
                SELECT tenant_id, id FROM jobs
                WHERE tenant_id = a.tenant_id AND status = 'completed' AND transcript_deleted_at IS NULL
                    AND completed_at <= now() - make_interval(days => a.transcript_retention_days)
                ORDER BY completed_at LIMIT \(limit)) j
            WHERE a.transcript_retention_days IS NOT NULL LIMIT \(limit))
            """, as: TenantID.self, JobID.self)
    }

    /// Records that no audio of the job is left in storage.
    static func noteSourceDeleted(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE jobs SET source_deleted_at = now(), source_key = NULL
            WHERE tenant_id = \(tenant) AND id = \(job) AND source_deleted_at IS NULL
            """)
    }

    /// Records it again, because audio was found and removed after the job's clean-up.
    static func noteSourceDeletedAgain(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "UPDATE jobs SET source_deleted_at = now() WHERE tenant_id = \(tenant) AND id = \(job)")
    }

    // MARK: failed, and submitted again

    /// Records that a failed job, which the caller has locked, is being submitted again as `new`. This hold lasts until the lease ends.
    static func holdForRetry(
        _ job: JobID, of tenant: TenantID, as new: JobID, lease: Duration, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE jobs SET retried_as = \(new), retry_lease_until = \(end(of: lease))
            WHERE tenant_id = \(tenant) AND id = \(job)
            """)
    }

    /// Ends the hold, because the new job is queued. Returns false if somebody else has taken over the hold, or if the job was deleted.
    static func completeRetry(
        of job: JobID, of tenant: TenantID, as new: JobID, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE jobs SET retry_lease_until = NULL
            WHERE tenant_id = \(tenant) AND id = \(job) AND retried_as = \(new) AND retry_lease_until IS NOT NULL
                AND deleted_at IS NULL
            """) == 1
    }

    /// Extends the hold, if it still exists.
    static func renewRetry(
        of job: JobID, of tenant: TenantID, as new: JobID, lease: Duration, on pool: PostgresPool
    ) async throws {
        try await pool.execute(
            """
            UPDATE jobs SET retry_lease_until = \(end(of: lease))
            WHERE tenant_id = \(tenant) AND id = \(job) AND retried_as = \(new) AND retry_lease_until IS NOT NULL
            """)
    }

    /// Gives up the hold, because no new job was queued.
    static func abandonRetry(of job: JobID, of tenant: TenantID, as new: JobID, on pool: PostgresPool) async throws {
        try await pool.execute(
            """
            UPDATE jobs SET retried_as = NULL, retry_lease_until = NULL
            WHERE tenant_id = \(tenant) AND id = \(job) AND retried_as = \(new) AND retry_lease_until IS NOT NULL
            """)
    }

    private static func end(of lease: Duration) -> PostgresQuery {
        "now() + make_interval(secs => \(lease / .seconds(1)))"
    }

    // MARK: deleted

    /// Records that the transcript was deleted. Later calls do not change the time. Returns whether this was the first one.
    static func noteTranscriptDeleted(
        of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE jobs SET transcript_deleted_at = now()
            WHERE tenant_id = \(tenant) AND id = \(job) AND transcript_deleted_at IS NULL
            """) == 1
    }

    /// Turns a job, which the caller has locked and found finished, into a tombstone: id, account, times, seconds, outcome.
    static func delete(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE jobs
            SET deleted_at = now(), transcript_deleted_at = coalesce(transcript_deleted_at, now()), source_name = NULL,
                source_url = NULL, metadata = '{}', language = NULL, language_confidence = NULL,
                source_kept_until = NULL, webhook_url = NULL, speakers_expected = NULL, speakers_min = NULL, speakers_max = NULL, language_requested = 'auto',
                source_bytes = NULL, source_sha256 = NULL, engine = NULL, traceparent = NULL
            WHERE tenant_id = \(tenant) AND id = \(job)
            """)
    }

    /// Removes the webhook URLs of up to `limit` of the tenant's jobs, because the tombstone of a job that its customer deleted may still have
    /// one. Returns the number of jobs.
    static func forgetAddresses(of tenant: TenantID, limit: Int, in transaction: PostgresTransaction) throws -> Int {
        try transaction.execute(
            """
            UPDATE jobs SET webhook_url = NULL
            WHERE tenant_id = \(tenant) AND id IN (
                SELECT id FROM jobs WHERE tenant_id = \(tenant) AND webhook_url IS NOT NULL LIMIT \(limit))
            """)
    }
}

extension JobOptions {
    /// When the job is cancelled if it is not finished.
    fileprivate func deadline(from now: Timestamp) -> Timestamp? { deadlineSeconds.map { now + .seconds($0) } }
}
