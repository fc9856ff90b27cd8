import Foundation
import Postgres
import Tenancy

/// Recognises one piece and keeps what was heard. The job's last piece to end queues the assembly.
struct RecogniseStage: Sendable {
    let databases: Databases
    let storage: FileStorage
    let engine: WhisperEngine

    func run(_ claim: ClaimedTask) async throws {
        guard let number = claim.piece,
            let work = try await databases.app.transaction(
                of: claim.tenant,
                {
                    try PieceWork.load(number, of: claim.job, tenant: claim.tenant, in: $0)
                })
        else { throw JobEnded() }
        let recognition: Recognition
        do {
            let step = try await engine.recognise(
                PieceOfSpeech(
                    wav: try await storage.read(work.audio), duration: Samples.milliseconds(work.samples),
                    language: work.language, speech: []), ticket: nil)
            guard case .heard(let heard) = step else { throw JobFailure.internal }
            recognition = heard
        } catch let error as ModelServerError where error.isPermanent {
            throw JobFailure.internal
        }
        let result = Array(try JSONEncoder().encode(recognition))
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            if try claim.keep(result, samples: work.samples, in: transaction) == 0 {
                try claim.follow(with: .assemble, in: transaction)
            }
        }
    }
}

/// What a recogniser needs to know of a piece.
struct PieceWork: Sendable {
    let audio: StorageKey
    let samples: Int64
    let language: String
}
