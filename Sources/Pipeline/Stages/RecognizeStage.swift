import Egress
import Foundation
import Logging
import Postgres
import Tenancy

/// Recognizes one chunk and stores the result. An external engine is polled until it is done. Its ticket is stored, so that nothing is submitted
/// twice, whichever worker polls.
struct RecognizeStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let engine: any RecognitionEngine
    let meter: WorkMeter
    let logger: Logger

    func run(_ claim: ClaimedTask) async throws -> StageOutcome {
        guard let number = claim.part,
            let work = try await databases.app.transaction(
                of: claim.tenant, { try ChunkWork.load(number, of: claim.job, tenant: claim.tenant, in: $0) })
        else { throw JobEnded() }
        if claim.isPoll, work.ticket == nil { return .needsSlot }
        let begun = ContinuousClock.now
        switch try await step(work, isPoll: claim.isPoll) {
        case .needsSlot: return .needsSlot
        case .waiting(let ticket, let again):
            if let ticket, ticket != work.ticket { try await keep(ticket, claim) }
            return .waits(again, isPoll: ticket != nil)
        case .heard(let recognition):
            meter.recognized(
                .milliseconds(work.audioMilliseconds), by: recognition.engine,
                in: work.ticket == nil ? begun.duration(to: .now) : nil)
            if let fallback = recognition.fallback { meter.fellBack(fallback.reason.rawValue) }
            let result = try await encoded(recognition, of: work)
            try await databases.app.transaction(of: claim.tenant) { transaction in
                try claim.finish(in: transaction)
                try ChunkStore.keep(recognition: result, of: claim, in: transaction)
                try claim.endPart(samples: work.samples, in: transaction)
            }
            await forget(work.ticket, claim)
            return .done
        }
    }

    private func step(_ work: ChunkWork, isPoll: Bool) async throws -> EngineStep {
        let chunk = SpeechChunk(
            reading: { [storage] in try await storage.read(work.audio) }, duration: work.audioMilliseconds,
            language: work.language,
            speech: work.speech, keyTerms: work.keyTerms, isOnlyAskedFor: isPoll)
        do {
            return try await attempt(chunk, work.ticket)
        } catch let error as ModelServerError where error.isPermanent {
            throw JobFailure.internal
        } catch EngineError.quotaExceeded {
            logger.error("the recognizer's account is out of quota: top it up; jobs fail until then")
            throw JobFailure.recognizerQuotaExceeded
        } catch EngineError.misconfigured(let fault) {
            throw refused(fault)
        } catch EngineError.refused(let fault) {
            throw refused(fault)
        } catch EngineError.unavailable(.languageUnsupported) {
            throw JobFailure.languageUnsupported
        } catch EngineError.invalidAudio(let reason) {
            throw JobFailure.invalidAudio(reason)
        }
    }

    /// Counts what the engine could not recognize.
    private func attempt(_ chunk: SpeechChunk, _ ticket: EngineTicket?) async throws -> EngineStep {
        do {
            return try await engine.recognize(chunk, ticket: ticket)
        } catch {
            if !Task.isCancelled { meter.engineFailed(EngineFailure(error).rawValue) }
            throw error
        }
    }

    private func refused(_ fault: String) -> JobFailure {
        logger.error("the recognizer rejects our requests: check its key and settings", metadata: ["fault": "\(fault)"])
        return .transient
    }

    /// Encodes the result. If the recording's channels are recognized separately, it includes how loud each segment is: of a voice that is in both
    /// channels, the quieter one is crosstalk.
    private func encoded(_ recognition: Recognition, of work: ChunkWork) async throws -> [UInt8] {
        var heard = StoredRecognition(recognition: recognition)
        if work.hasChannel {
            let wav = try await storage.read(work.audio)
            heard.levels = recognition.segments.map { SegmentLevel.of($0, in: wav) }
        }
        return Array(try JSONEncoder().encode(heard))
    }

    /// Stores a ticket, which must not be lost: even if the lease is lost, the job has ended or this worker is stopping. Retries if the database
    /// does not answer.
    private func keep(_ ticket: EngineTicket, _ claim: ClaimedTask) async throws {
        let databases = databases
        try await Task {
            var generator = SystemRandomNumberGenerator()
            var failures = 0
            while true {
                do {
                    return try await databases.app.transaction(of: claim.tenant) { try claim.keep(ticket, in: $0) }
                } catch let error as PostgresError {
                    failures += 1
                    guard let delay = Self.keeping.delay(attempt: failures, using: &generator) else { throw error }
                    try await Task.sleep(for: delay)
                }
            }
        }.value
    }

    /// Long enough for a failover of the database, and often enough that the ticket is stored before another worker submits the chunk.
    private static let keeping = RetrySchedule(
        delays: [.milliseconds(200), .seconds(1), .seconds(3)] + Array(repeating: .seconds(5), count: 18), jitter: 0.2)

    /// Deletes the copy at the engine. If that fails, the clean-up does it later.
    private func forget(_ ticket: EngineTicket?, _ claim: ClaimedTask) async {
        guard let ticket else { return }
        do {
            try await engine.forget(ticket)
            try await databases.app.transaction(of: claim.tenant) { try claim.drop(ticket, in: $0) }
        } catch {
            logger.info("a copy at the recognizer will be deleted later", metadata: ["error": "\(error)"])
        }
    }
}
