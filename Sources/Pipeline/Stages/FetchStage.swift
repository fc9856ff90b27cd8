import Billing
import Egress
import Logging
import Postgres
import Tenancy

/// Downloads the recording at a job's URL into storage, probes it like an upload, and reserves its minutes.
///
/// The plan's limits apply to the received bytes and to what the media tool finds, whatever the source says. After temporary errors, the download
/// is retried by the schedule, and resumed.
struct FetchStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let media: MediaToolClient
    let fetcher: SourceFetcher
    let pace: FetchPace

    /// If name servers say that the URL's host does not exist, the job fails at this attempt. Before it, that may be temporary.
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
        // If the account's budget for rejected files is used up, the task waits before it downloads anything. (An upload would be rejected.)
        if media.refusals.wait(of: claim.tenant) != nil { throw MediaError.lineShareExhausted }
        // Since this job was admitted, other jobs may have used up the rest of the month.
        if work.limits.room.seconds == 0 { throw JobFailure.sourceExceeds(work.limits.room.limit) }
        let source = try await source(url, claim, work)
        var spent = Duration.zero
        do {
            try await take(source, claim, work) { spent += $0 }
        } catch let error where error is JobFailure || (error as? MediaError) == .timedOut {
            media.refusals.charge(spent, to: claim.tenant)
            throw error
        } catch let error as MediaError where error.isCongestion {
            // The task is postponed. The download is kept, so that it need not be repeated.
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
        // If something fails from here on, the download need not be repeated.
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
            // The transaction may have been committed, and then the source is needed.
            throw error
        } catch {
            // Unstructured, so that the clean-up also runs if this task was cancelled.
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
            throw JobFailure.sourceExceeds(work.limits.room.limit)
        }
    }

    private func probe(
        _ path: String, _ tenant: TenantID, _ work: FetchWork, _ spent: (Duration) -> Void
    ) async throws -> MediaProbe {
        do {
            return try await media.judge(
                path: path, of: tenant, longest: work.limits.seconds, affordable: work.limits.room.seconds, spent: spent
            )
        } catch MediaError.invalidAudio(let reason, _) {
            throw JobFailure.invalidAudio(reason)
        }
    }

    /// Stores what was fetched, reserves its seconds and queues its preparation.
    ///
    /// - Throws: `JobFailure` if the month has too few seconds left.
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
            } catch ReservationError.quotaExceeded(let limit, _) {
                throw JobFailure.sourceExceeds(limit)
            }
        }
        try claim.follow(
            with: .prepare, isLong: Preparations.isLong(found.probe.bestDurationMilliseconds), in: transaction)
    }
}

/// What fetching needs to know about its job.
private struct FetchWork: Sendable {
    let url: String
    let limits: FetchLimits

    /// Nil if the job has ended meanwhile.
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
                    room: try Reservation.room(for: job, of: tenant, in: transaction)))
        }
    }
}

/// A fetched recording that is in storage.
private struct FetchedRecording: Sendable {
    let key: StorageKey
    let name: String?
    let bytes: Int64
    let probe: MediaProbe

    /// Whole seconds, rounded up.
    fileprivate var seconds: Int64? { probe.bestDurationMilliseconds.map { ($0 + 999) / 1000 } }
}
