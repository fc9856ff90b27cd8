import Billing
import Egress
import Logging
import Postgres
import Tenancy

/// Fetches the recording that a job names by URL into storage, looks into it as at an upload, and reserves its minutes.
///
/// Whatever the source says of itself: the plan's caps hold, by bytes that came and by what the media tool found. What may pass is tried
/// again by the schedule, and goes on where it broke off.
struct FetchStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let media: MediaToolClient
    let fetcher: SourceFetcher
    let pace: FetchPace

    /// Tries after which a name that a name server denies is taken for one that does not exist.
    private static let triesToResolve = 4

    func run(_ claim: ClaimedTask) async throws {
        guard
            let work = try await databases.app.transaction(
                of: claim.tenant, { try FetchWork.of(claim.job, of: claim.tenant, in: $0) })
        else { throw JobEnded() }
        do {
            try await fetch(claim, work)
        } catch let passing as SourceUnavailable
            where passing.failure == .sourceNotFound && claim.attempt >= Self.triesToResolve
        {
            throw passing.failure
        }
    }

    private func fetch(_ claim: ClaimedTask, _ work: FetchWork) async throws {
        let url: SourceURL
        do {
            url = try SourceURL(work.url, policy: fetcher.policy)
        } catch {
            throw JobFailure.sourceURLRefused
        }
        // Its files have cost too much for nothing: it waits, as an upload is told to. Before anything is brought in.
        if media.refusals.wait(of: claim.tenant) != nil { throw MediaError.lineShareExhausted }
        // What the month had left went to others meanwhile.
        if work.limits.affordable == 0 { throw JobFailure.sourceExceedsQuota }
        let source = try await source(url, claim, work)
        var spent = Duration.zero
        do {
            try await take(source, claim, work) { spent += $0 }
        } catch let error where error is JobFailure || (error as? MediaError) == .timedOut {
            media.refusals.charge(spent, to: claim.tenant)
            throw error
        } catch let error as MediaError where error.isCongestion {
            // It is put off, and is not asked for again.
            source.hold()
            throw error
        }
    }

    private func take(
        _ source: FetchedSource, _ claim: ClaimedTask, _ work: FetchWork, spent: (Duration) -> Void
    ) async throws {
        let probe = try await probe(source.path, claim.tenant, work, spent)
        let key = StorageKey.fetched(of: claim.job, tenant: claim.tenant, fence: claim.fence)
        let size = try FileSize.of(source.path)
        // Should anything fail from here on, it is not asked for again.
        source.hold()
        do {
            try await storage.adopt(fileAt: source.path, as: key)
            try await databases.app.transaction(of: claim.tenant) { transaction in
                try claim.finish(in: transaction)
                try Self.keep(
                    FetchedRecording(key: key, name: source.name, bytes: size, probe: probe), of: claim, in: transaction
                )
            }
            await storage.endDownload(of: claim.job, tenant: claim.tenant)
        } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
            // It may stand, and then its source is needed.
            throw error
        } catch {
            // Also when this task was cancelled, in which an object store would not be asked any more.
            await Task { try? await storage.remove(key) }.value
            throw error
        }
    }

    private func source(_ url: SourceURL, _ claim: ClaimedTask, _ work: FetchWork) async throws -> FetchedSource {
        do {
            return try await pace.watch(claim) { progress in
                try await fetcher.fetch(
                    url, work.limits, folder: storage.downloadFolder(of: claim.job, tenant: claim.tenant),
                    fence: claim.fence, tenant: claim.tenant, progress: progress)
            }
        } catch let failure as JobFailure where failure == .sourceTooLarge && work.limits.isBoundByMonth {
            throw JobFailure.sourceExceedsQuota
        }
    }

    private func probe(
        _ path: String, _ tenant: TenantID, _ work: FetchWork, _ spent: (Duration) -> Void
    ) async throws -> MediaProbe {
        do {
            return try await media.judge(
                path: path, of: tenant, longest: work.limits.seconds, affordable: work.limits.affordable, spent: spent)
        } catch MediaError.invalidAudio(let reason, _) {
            throw JobFailure.invalidAudio(reason)
        }
    }

    /// Keeps what was fetched, reserves its seconds and queues its preparation.
    ///
    /// Throws `JobFailure` when the month does not cover it.
    private static func keep(
        _ found: FetchedRecording, of claim: ClaimedTask, in transaction: PostgresTransaction
    ) throws {
        let isKept = try JobLifecycle.noteSource(
            of: claim.job, of: claim.tenant, path: found.key.path,
            name: found.name.map { String(PlainName.cleaned($0).prefix(255)) }, bytes: found.bytes,
            estimatedMilliseconds: found.probe.bestDurationMilliseconds,
            channels: found.probe.channels > 0 ? min(found.probe.channels, 1000) : nil, in: transaction)
        guard isKept else { throw LeaseLost() }
        if let seconds = found.seconds {
            do {
                try Reservation.resize(claim.job, of: claim.tenant, to: seconds, in: transaction)
            } catch ReservationError.quotaExceeded {
                throw JobFailure.sourceExceedsQuota
            }
        }
        try claim.follow(
            with: .prepare, isLong: Preparations.isLong(found.probe.bestDurationMilliseconds), in: transaction)
    }
}

/// What fetching needs to know of its job.
private struct FetchWork: Sendable {
    let url: String
    let limits: FetchLimits

    /// Nil when the job has ended meanwhile.
    static func of(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        guard let effectiveLimits = try EffectiveLimits.of(tenant, in: transaction) else { return nil }
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
                    bytes: effectiveLimits.maxFileBytes, seconds: duration / 1000,
                    affordable: try Reservation.affordableSeconds(job, of: tenant, in: transaction)))
        }
    }
}

/// A recording that was fetched, and lies in storage.
private struct FetchedRecording: Sendable {
    let key: StorageKey
    let name: String?
    let bytes: Int64
    let probe: MediaProbe

    /// Whole seconds, rounded up.
    fileprivate var seconds: Int64? { probe.bestDurationMilliseconds.map { ($0 + 999) / 1000 } }
}
