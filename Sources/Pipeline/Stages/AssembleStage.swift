import Concurrency
import Foundation
import Postgres
import Tenancy

/// Joins the chunks' words, assigns speakers, and completes the job with its transcript.
struct AssembleStage: Sendable {
    let databases: Databases
    let server: ModelServer
    /// The URL at which customers reach the service.
    let publicURL: String?
    let provenance: ProvenanceKeys

    func run(_ claim: ClaimedTask) async throws {
        let material = try await databases.app.transaction(of: claim.tenant) { transaction in
            (
                facts: try AssemblyFacts.load(claim.job, of: claim.tenant, in: transaction),
                chunks: try RecognizedChunk.all(of: claim.job, tenant: claim.tenant, in: transaction),
                sections: try DiarizedSection.all(of: claim.job, tenant: claim.tenant, in: transaction)
            )
        }
        guard let facts = material.facts else { throw JobEnded() }
        let timeline = try await timeline(of: material.sections, expected: facts.speakers)
        let (subject, body) = try await Self.calls.run {
            let transcript = try Assembly(facts: facts, chunks: material.chunks)
                .transcript(of: claim.job, spokenBy: timeline)
            return (ProvenanceRecord.Subject(transcript), Array(try JSONEncoder().encode(transcript)))
        }
        let key = try await provenance.signing()
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.completeJob(subject.transcript, body: body, publicURL: publicURL, in: transaction)
            try ProvenanceRecord.add(
                of: subject, job: claim.job, tenant: claim.tenant, issuer: publicURL, signedBy: key, in: transaction)
        }
    }

    /// One assembly at a time, because ten hours of words take seconds.
    private static let calls = BlockingCalls("assembly")

    /// Returns who speaks when in the whole recording. All voices of all sections are clustered together.
    private func timeline(of sections: [DiarizedSection], expected: SpeakerCount) async throws -> SpeakerTimeline {
        var tracks: [(section: Int, track: SpeakerTrack)] = []
        for (number, section) in sections.enumerated() {
            guard let result = section.result else { continue }
            let heard = try JSONDecoder().decode(SpeakerTracks.self, from: Data(result))
            tracks += heard.tracks.map { (number, $0) }
        }
        guard !tracks.isEmpty else { return SpeakerTimeline(turns: []) }
        let labels: [Int?]
        do {
            labels = try await server.speakers(of: tracks, expected: expected)
        } catch let error as ModelServerError where error.isPermanent {
            throw JobFailure.internal
        }
        return SpeakerTimeline(
            turns: zip(tracks, labels).flatMap { track, label in
                guard let label else { return [SpeakerTimeline.SpeakerTurn]() }
                let offset = Samples.milliseconds(sections[track.section].startSample)
                return track.track.turns.compactMap {
                    SpeakerTimeline.SpeakerTurn(seconds: $0, offset: offset, speaker: label)
                }
            })
    }
}

/// What the assembly needs to know about its job.
package struct AssemblyFacts: Sendable {
    let samples: Int64
    let language: String
    let languageConfidence: Double?
    /// The engine that was chosen. The transcript names it if there was no speech to recognize.
    let engine: String
    /// The method of diarization, as transcripts name it.
    let diarization: String
    let speakers: SpeakerCount
    let words: WordOptions

    package init(
        samples: Int64, language: String, languageConfidence: Double?, engine: String, diarization: String,
        speakers: SpeakerCount = SpeakerCount(), words: WordOptions = WordOptions()
    ) {
        self.samples = samples
        self.language = language
        self.languageConfidence = languageConfidence
        self.engine = engine
        self.diarization = diarization
        self.speakers = speakers
        self.words = words
    }

    static func load(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT samples_total, language, language_confidence, engine, diarization, speakers_expected, speakers_min,
                speakers_max
            FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND samples_total IS NOT NULL
            """, as: Int64.self, String.self, Double?.self, String.self, String.self, Int?.self, Int?.self, Int?.self
        ).map {
            AssemblyFacts(
                samples: $0.0, language: $0.1, languageConfidence: $0.2, engine: $0.3, diarization: $0.4,
                speakers: SpeakerCount(expected: $0.5, least: $0.6, most: $0.7),
                words: try WordOptions.find(job, of: tenant, in: transaction))
        }
    }
}
