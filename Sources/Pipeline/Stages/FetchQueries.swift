import Billing
import Postgres
import Tenancy

/// What fetching needs to know of its job.
struct FetchWork: Sendable {
    let url: String
    let limits: FetchLimits

    /// Nil when the job has ended meanwhile.
    static func of(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        guard let allowance = try Allowance.of(tenant, in: transaction) else { return nil }
        return try transaction.first(
            """
            SELECT source_url, max_duration_ms FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND source_url IS NOT NULL
                AND source_key IS NULL
            """, as: String.self, Int64.self
        ).map { url, duration in
            FetchWork(
                url: url,
                limits: FetchLimits(
                    bytes: allowance.maxFileBytes, seconds: duration / 1000,
                    affordable: try Reservation.affordableSeconds(job, of: tenant, in: transaction)))
        }
    }
}

/// A recording that was fetched, and lies in storage.
struct FetchedRecording: Sendable {
    let key: StorageKey
    let name: String?
    let bytes: Int64
    let probe: MediaProbe

    /// Whole seconds, rounded up.
    fileprivate var seconds: Int64? { probe.bestDurationMilliseconds.map { ($0 + 999) / 1000 } }
}

extension ClaimedTask {
    /// Keeps what was fetched, reserves its seconds and queues its preparation.
    ///
    /// Throws `JobFailure` when the month does not cover it.
    func keep(_ found: FetchedRecording, in transaction: PostgresTransaction) throws {
        let isKept = try JobLifecycle.noteSource(
            of: job, of: tenant, path: found.key.path,
            name: found.name.map { String(PlainName.cleaned($0).prefix(255)) }, bytes: found.bytes,
            estimatedMilliseconds: found.probe.bestDurationMilliseconds,
            channels: found.probe.channels > 0 ? min(found.probe.channels, 1000) : nil, in: transaction)
        guard isKept else { throw LeaseLost() }
        if let seconds = found.seconds {
            do {
                try Reservation.resize(job, of: tenant, to: seconds, in: transaction)
            } catch ReservationError.quotaExceeded {
                throw JobFailure.sourceExceedsQuota
            }
        }
        try follow(with: .prepare, isLong: Preparations.isLong(found.probe.bestDurationMilliseconds), in: transaction)
    }
}
