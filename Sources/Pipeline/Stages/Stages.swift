import Egress
import Logging
import Postgres
import Tenancy

/// What a worker does with a task: runs its stage, and stores the result.
///
/// A stage throws `JobFailure` if the job cannot succeed, and `LeaseLost` if the task is no longer ours. Any other error may be temporary: the task
/// is retried by the schedule of its kind, and then the job fails with `transient_error`.
package struct Stages: Sendable {
    private let databases: Databases
    private let fetch: FetchStage
    private let prepare: PrepareStage
    private let recognize: RecognizeStage
    private let diarize: DiarizeStage
    private let assemble: AssembleStage
    private let clean: CleanStage
    private let engine: EngineReadiness
    private let sourceRetention: Duration
    /// The speed of the fetches.
    let pace: FetchPace
    private let meter: WorkMeter
    private let logger: Logger

    /// - Parameters:
    ///   - server: detects speech and languages, and diarizes.
    ///   - recognizer: recognizes the words.
    ///   - provenance: signs where transcripts come from.
    ///   - sources: downloads recordings by URL.
    ///   - sourceRetention: how long a failed job's source is kept, so that an operator can retry the job.
    ///   - publicURL: the URL at which customers reach the service, for webhooks.
    ///   - readiness: the readiness of the server, if others use it, too.
    ///   - meter: counts what is done.
    package init(
        databases: Databases, storage: any Storage, media: MediaToolClient, server: ModelServer,
        recognizer: any RecognitionEngine, provenance: ProvenanceKeys, sources: SourceFetcher, scratch: String,
        sourceRetention: Duration = .zero,
        pace: FetchPace = FetchPace(), publicURL: String? = nil, readiness: EngineReadiness? = nil,
        meter: WorkMeter = WorkMeter(), logger: Logger
    ) {
        self.meter = meter
        self.sourceRetention = sourceRetention
        self.databases = databases
        self.pace = pace
        self.logger = logger
        engine = readiness ?? EngineReadiness(server: server)
        fetch = FetchStage(databases: databases, storage: storage, media: media, fetcher: sources, pace: pace)
        prepare = PrepareStage(
            databases: databases, storage: storage, media: media, server: server, engine: recognizer, scratch: scratch,
            logger: logger)
        recognize = RecognizeStage(
            databases: databases, storage: storage, engine: recognizer, meter: meter, logger: logger)
        diarize = DiarizeStage(databases: databases, storage: storage, server: server)
        assemble = AssembleStage(
            databases: databases, server: server, publicURL: publicURL, provenance: provenance)
        clean = CleanStage(databases: databases, storage: storage, engine: recognizer)
    }

    /// Returns whether the engine is ready.
    @Sendable func ready() async -> Bool { await engine.isReady() }

    /// Runs one task to its end. Does not throw: the result is stored in the database, or the lease expires.
    @Sendable package func perform(_ claim: ClaimedTask) async {
        var log = logger
        log[metadataKey: "job"] = "\(claim.job)"
        log[metadataKey: "task"] = "\(claim.kind.rawValue)"
        log[metadataKey: "attempt"] = "\(claim.attempt)"
        let begun = ContinuousClock.now
        let outcome = await end(claim, log)
        meter.ended(claim.kind.rawValue, outcome, after: begun.duration(to: .now))
    }

    private func end(_ claim: ClaimedTask, _ log: Logger) async -> WorkMeter.TaskOutcome {
        do {
            log.info("task started")
            switch try await run(claim) {
            case .done:
                log.info("task done")
                if claim.kind == .assemble { meter.jobEnded(nil) }
                return .done
            case .waits(let delay, let isPoll):
                log.debug("task waits for the engine")
                return await wait(claim, delay, isPoll: isPoll, log)
            case .needsSlot:
                log.debug("task goes on at another engine")
                await write(claim, log) { try claim.needSlot(in: $0) }
                return .postponed
            }
        } catch is LeaseLost {
            log.warning("task lost to another worker or to its job's end")
            return .lost
        } catch is JobEnded {
            log.info("task cancelled: its job has ended")
            await write(claim, log) { try claim.cancel(in: $0) }
            return .released
        } catch is FetchYielded {
            log.info("task postponed: its source is slow, and others wait")
            return await wait(claim, .milliseconds(Int.random(in: Self.pauseOfSlow)), log)
        } catch is PreparationIsLong {
            log.info("task requeued: the recording is longer than its container claimed")
            await write(claim, log) { transaction in
                try claim.noteLength(beyond: Preparations.shortSamples, in: transaction)
                try claim.handOver(in: transaction)
            }
            return .postponed
        } catch let failure as JobFailure {
            log.info("job failed", metadata: ["code": "\(failure.code.rawValue)", "reason": "\(failure.reason ?? "")"])
            return await fail(claim, failure, log)
        } catch let error where error is CancellationError || Task.isCancelled {
            log.info("task released")
            await write(claim, log) { try claim.handBack(in: $0) }
            return .released
        } catch {
            if Self.isCongestion(error), await postpone(claim, after: error, log) { return .postponed }
            return await tryAgain(claim, after: error, log)
        }
    }

    /// Ends the task's job with `failure`.
    private func fail(_ claim: ClaimedTask, _ failure: JobFailure, _ log: Logger) async -> WorkMeter.TaskOutcome {
        let stored: Void? = await write(claim, log) {
            try claim.failJob(failure, keepingSourceFor: sourceRetention, in: $0)
        }
        guard stored != nil else { return .lost }
        if !claim.kind.isCleanup { meter.jobEnded(failure.code.rawValue) }
        return .failed
    }

    /// Returns whether something that the task needs has no room or is just starting, which is not a failure of the task.
    private static func isCongestion(_ error: any Error) -> Bool {
        switch error {
        case let error as ModelServerError: error.isBusy
        case let error as EgressError: error == .couldNotConnect
        case let error as StorageError: error.isFull || error.isAway
        case let error as MediaError: error.isCongestion
        default: false
        }
    }

    /// Returns how long a task waits after such an error, in milliseconds. A fetch waits longer for a full disk: somebody has to clear the disk,
    /// and each attempt may cost gigabytes of traffic.
    package static func pause(of kind: TaskKind, after error: any Error) -> ClosedRange<Int> {
        kind == .fetch && (error as? StorageError)?.isFull == true ? 120_000...300_000 : 5_000...15_000
    }

    /// How long a fetch that made way waits, in milliseconds.
    private static let pauseOfSlow = 15_000...45_000

    /// Puts the task back for a while. Returns false if its first claim was more than a day ago.
    private func postpone(_ claim: ClaimedTask, after error: any Error, _ log: Logger) async -> Bool {
        let delay = Duration.milliseconds(Int.random(in: Self.pause(of: claim.kind, after: error)))
        log.info("task postponed", metadata: ["error": "\(error)"])
        let postponed = await write(claim, log) {
            try claim.postpone(by: delay, error: "\(type(of: error))", in: $0)
        }
        return postponed ?? true
    }

    /// Ends a task whose workers all died.
    @Sendable func giveUp(_ claim: ClaimedTask) async {
        logger.error("task given up: it was lost with its worker each time", metadata: ["job": "\(claim.job)"])
        _ = await fail(claim, .internal, logger)
    }

    private func run(_ claim: ClaimedTask) async throws -> StageOutcome {
        switch claim.kind {
        case .fetch: try await fetch.run(claim)
        case .prepare: try await prepare.run(claim)
        case .recognize: return try await recognize.run(claim)
        case .diarize: try await diarize.run(claim)
        case .assemble: try await assemble.run(claim)
        case .clean: try await clean.run(claim)
        }
        return .done
    }

    /// Puts the task back, until it polls an external engine again or after it made way for others. If its first claim was more than a day ago, this
    /// counts as a failed attempt.
    private func wait(
        _ claim: ClaimedTask, _ delay: Duration, isPoll: Bool = false, _ log: Logger
    ) async -> WorkMeter.TaskOutcome {
        let postponed = await write(claim, log) {
            try claim.postpone(by: delay, error: nil, asPoll: isPoll, in: $0)
        }
        guard postponed == false else { return postponed == nil ? .lost : .postponed }
        let error: any Error =
            claim.kind == .fetch
            ? SourceUnavailable(.sourceTimeout, "slow for a day") : EngineError.unavailable(.timeout)
        return await tryAgain(claim, after: error, log)
    }

    private func tryAgain(_ claim: ClaimedTask, after error: any Error, _ log: Logger) async -> WorkMeter.TaskOutcome {
        var generator = SystemRandomNumberGenerator()
        let delay = claim.kind.retryDelay(attempt: claim.attempt, using: &generator)
            .map { max($0, (error as? SourceUnavailable)?.retryAfter ?? .zero) }
        log.failure(
            delay == nil ? "task failed for the last time" : "task failed; it will be tried again", error,
            level: .warning)
        guard let delay else {
            return await fail(claim, (error as? SourceUnavailable)?.failure ?? .transient, log)
        }
        let stored: Void? = await write(claim, log) {
            try claim.retry(after: delay, error: "\(type(of: error))", in: $0)
        }
        return stored == nil ? .lost : .retried
    }

    /// Stores the result of a task, even while this worker is stopping. Returns nil if that fails; then the lease expires.
    @discardableResult
    private func write<T: Sendable>(
        _ claim: ClaimedTask, _ log: Logger, _ body: @escaping @Sendable (PostgresTransaction) throws -> T
    ) async -> T? {
        let databases = databases
        return await Task {
            do {
                return try await databases.app.transaction(of: claim.tenant, body)
            } catch is LeaseLost {
                log.warning("task lost to another worker or to its job's end")
            } catch {
                log.failure("could not store the task's result", error)
            }
            return nil
        }.value
    }
}

/// How a stage ended that threw no error.
enum StageOutcome: Sendable {
    case done
    /// To be continued after this time. `isPoll`: to ask an external engine, which needs no slot.
    case waits(Duration, isPoll: Bool)
    /// Only asked an external engine, and goes on with what needs a slot.
    case needsSlot
}

extension TaskWork {
    package init(_ stages: Stages) {
        self.init(
            isReady: stages.ready,
            perform: { claim in await TraceContext.$current.withValue(claim.trace) { await stages.perform(claim) } },
            giveUp: { claim in await TraceContext.$current.withValue(claim.trace) { await stages.giveUp(claim) } },
            pace: stages.pace)
    }
}
