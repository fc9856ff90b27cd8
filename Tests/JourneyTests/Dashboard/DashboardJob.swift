import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A completed job with a transcript, as workers leave it.
struct DashboardJob {
    /// What a speaker says in one go.
    struct Turn {
        let speaker: Int
        let words: [String]
    }

    let name: String
    let metadata: String
    var turns = Self.turns(
        of: "So tell me about the night of the storm. You slow down, and you count.".split(separator: " ").map(
            String.init))
    var seconds = 60.0

    /// Turns of twelve words.
    static func turns(of words: [String], speakers: Int = 2) -> [Turn] {
        stride(from: 0, to: words.count, by: 12).map {
            Turn(speaker: $0 / 12 % speakers, words: Array(words[$0..<min($0 + 12, words.count)]))
        }
    }

    /// The interview of `Tests/Dashboard/interview.txt`, where each line begins with its speaker. Each sentence is a segment.
    static func interview() throws -> [Turn] {
        try String(contentsOfFile: "\(Checkout.root)/Tests/Dashboard/interview.txt", encoding: .utf8)
            .split(separator: "\n").flatMap { line -> [Turn] in
                let words = line.split(separator: " ").map(String.init)
                let ends = words.indices.filter { words[$0].last.map { ".?!".contains($0) } ?? false }
                return zip([0] + ends, ends).map { before, end in
                    Turn(speaker: Int(words[0]) ?? 0, words: Array(words[(before + 1)...end]))
                }
            }
    }

    /// Returns the job's id.
    func insert(of tenants: Tenants) async throws -> String {
        let (id, tenant, name, metadata) = (JobID(), tenants.example, name, metadata)
        let samples = Int64(seconds * 16_000)
        let body = Array(try JSONEncoder().encode(transcript(of: id.rawValue)))
        try await tenants.owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, language,
                    metadata, max_duration_ms, source_type, source_name, source_deleted_at, engine, samples_total)
                VALUES (\(tenant), \(id), 'completed', now(), now(), true, 'auto', 'en', \(metadata)::json, 36000000,
                    'upload', \(name), now(), 'whisper_large_v3', \(samples))
                """)
            try transaction.execute(
                "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(tenant), \(id), \(body))")
        }
        return id.rawValue
    }

    /// Inserts a job that is being transcribed, without a task that would go on with it. Returns its id.
    static func running(named name: String = "show.mp3", of tenants: Tenants) async throws -> String {
        let (id, tenant) = (JobID(), tenants.example)
        try await tenants.owner.execute(
            """
            INSERT INTO jobs (tenant_id, id, status, created_at, started_at, diarize, language_requested, metadata,
                max_duration_ms, source_type, source_name, source_deleted_at, samples_total, samples_to_process,
                samples_processed)
            VALUES (\(tenant), \(id), 'processing', now() - interval '4 minutes', now() - interval '4 minutes', true,
                'auto', '{}', 36000000, 'upload', \(name), now(), 86400000, 86400000, 53568000)
            """)
        return id.rawValue
    }

    private func transcript(of id: String) -> Transcript {
        let step = Int64(seconds * 1000) / Int64(turns.reduce(0) { $0 + $1.words.count })
        var said = 0
        let segments = turns.map { turn in
            let first = said
            said += turn.words.count
            return Transcript.Segment(
                speaker: "speaker_\(turn.speaker)", speakerConfidence: 0.9, start: Int64(first) * step,
                end: Int64(said) * step, text: turn.words.joined(separator: " "), confidence: 0.8,
                words: turn.words.enumerated().map { index, word in
                    Transcript.Word(
                        text: word, start: Int64(first + index) * step, end: Int64(first + index + 1) * step,
                        confidence: (first + index) % 9 == 4 ? 0.3 : 0.9)
                })
        }
        let speakers = Set(turns.map(\.speaker)).sorted().map { "speaker_\($0)" }
        return Transcript(
            jobID: id, language: "en", durationMilliseconds: Int64(seconds * 1000), engine: "whisper_large_v3",
            model: "large-v3", diarization: "pyannote", speakers: speakers, segments: segments)
    }
}
