import Foundation
import Postgres
import Tenancy

/// Puts the pieces' words together and ends the job with its transcript.
struct AssembleStage: Sendable {
    let databases: Databases

    func run(_ claim: ClaimedTask) async throws {
        let material = try await databases.app.transaction(of: claim.tenant) { transaction in
            (
                facts: try AssemblyFacts.load(claim.job, of: claim.tenant, in: transaction),
                pieces: try HeardPiece.all(of: claim.job, tenant: claim.tenant, in: transaction)
            )
        }
        guard let facts = material.facts else { throw JobEnded() }
        let transcript = try Self.assemble(material.pieces, job: claim.job, facts)
        let body = Array(try JSONEncoder().encode(transcript))
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.completeJob(transcript, body: body, in: transaction)
        }
    }

    /// The pieces' segments in order, their times moved from the piece's start to the source's.
    static func assemble(_ pieces: [HeardPiece], job: JobID, _ facts: AssemblyFacts) throws -> Transcript {
        var segments: [Transcript.Segment] = []
        var heardBy: Recognition?
        for piece in pieces {
            guard let result = piece.result else { continue }
            let recognition = try JSONDecoder().decode(Recognition.self, from: Data(result))
            heardBy = heardBy ?? recognition
            let offset = Samples.milliseconds(piece.startSample)
            segments += recognition.segments.map { $0.moved(by: offset) }
        }
        return Transcript(
            jobID: job.rawValue, language: facts.language, languageConfidence: facts.languageConfidence,
            durationMilliseconds: Samples.milliseconds(facts.samples), engine: heardBy?.engine ?? facts.engine,
            model: heardBy?.model ?? facts.engine, segments: segments
        ).ordered()
    }
}

/// What the assembly needs to know of its job.
struct AssemblyFacts: Sendable {
    let samples: Int64
    let language: String
    let languageConfidence: Double?
    /// The engine that was ready to recognise: named when there was no speech to try it on.
    let engine: String

    static func load(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT samples_total, language, language_confidence, engine FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND samples_total IS NOT NULL
            """, as: Int64.self, String.self, Double?.self, String.self
        ).map { AssemblyFacts(samples: $0.0, language: $0.1, languageConfidence: $0.2, engine: $0.3) }
    }
}

extension Transcript.Segment {
    /// The segment, `offset` milliseconds later.
    func moved(by offset: Int64) -> Self {
        var moved = self
        moved.start += offset
        moved.end += offset
        for index in moved.words.indices {
            moved.words[index].start += offset
            moved.words[index].end += offset
        }
        return moved
    }
}
