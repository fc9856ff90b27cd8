import Postgres
import Tenancy

/// A part of the source that is recognized as one.
struct Chunk: Sendable {
    let channel: SourceChannel
    let cut: ChunkCutter.Cut
    /// One of Whisper's codes, if the recording changes between languages; nil: the job's.
    let language: String?
    /// Its stored audio; nil if no task needs it.
    let audio: StorageKey?

    /// Whether there is something to recognize.
    var hasSpeech: Bool { !cut.speech.isEmpty }
}

/// What the recognition of a chunk needs to know.
struct ChunkWork: Sendable {
    let audio: StorageKey
    /// Length of the chunk without overlaps, in samples.
    let samples: Int64
    /// Length of its audio, including the overlaps with its neighbors.
    let audioMilliseconds: Int64
    let language: String
    /// Where somebody speaks, in milliseconds from the start of the audio.
    let speech: [Range<Int64>]
    /// What the engine should know.
    let keyTerms: [String]
    /// Whether the source's channels are recognized separately.
    let hasChannel: Bool
    let ticket: EngineTicket?

    /// Loads the chunk. Returns nil if its job no longer needs it.
    static func load(_ chunk: Int, of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> Self?
    {
        let ticket = try EngineTicket.latest(of: chunk, job: job, tenant: tenant, in: transaction)
        return try transaction.first(
            """
            SELECT p.audio_key, p.end_sample - p.start_sample, p.audio_end_sample - p.audio_start_sample,
                coalesce(p.language, j.language),
                p.speech, j.diarization = 'channels'
            FROM chunks p JOIN jobs j ON j.tenant_id = p.tenant_id AND j.id = p.job_id
            WHERE p.tenant_id = \(tenant) AND p.job_id = \(job) AND p.chunk = \(chunk) AND p.audio_key IS NOT NULL
                AND j.status = 'processing' AND j.language IS NOT NULL
            """, as: String.self, Int64.self, Int64.self, String.self, [Int64]?.self, Bool.self
        ).map { key, samples, audio, language, speech, hasChannel in
            ChunkWork(
                audio: StorageKey(path: key), samples: samples, audioMilliseconds: Samples.milliseconds(audio),
                language: language, speech: SpeechSpans.spans(speech ?? []),
                keyTerms: try WordOptions.find(job, of: tenant, in: transaction).keyTerms, hasChannel: hasChannel,
                ticket: ticket)
        }
    }
}

/// A recognized chunk, as the assembly needs it.
package struct RecognizedChunk: Sendable {
    let channel: SourceChannel
    /// The chunk without overlaps, in samples of the source.
    let samples: Range<Int64>
    /// Where its audio starts, in samples of the source.
    let audioStart: Int64
    /// Its language, if the recording changes between languages.
    let language: String?
    /// JSON of a ``StoredRecognition``; nil if there was no speech.
    let result: [UInt8]?

    package init(
        channel: SourceChannel, samples: Range<Int64>, audioStart: Int64, language: String? = nil, result: [UInt8]?
    ) {
        self.channel = channel
        self.samples = samples
        self.audioStart = audioStart
        self.language = language
        self.result = result
    }

    /// Returns the job's chunks, channel by channel, in order.
    static func all(of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> [RecognizedChunk] {
        try transaction.query(
            """
            SELECT channel, start_sample, end_sample, audio_start_sample, language, result FROM chunks
            WHERE tenant_id = \(tenant) AND job_id = \(job) ORDER BY chunk
            """
        ).map { row in
            let (channel, start, end, audioStart, language, result) = try row.decode(
                Int?.self, Int64.self, Int64.self, Int64.self, String?.self, [UInt8]?.self)
            return RecognizedChunk(
                channel: SourceChannel(number: channel), samples: start..<end, audioStart: audioStart,
                language: language, result: result)
        }
    }
}

/// What was recognized in one chunk, as it is stored until the assembly.
package struct StoredRecognition: Codable, Sendable {
    package let recognition: Recognition
    /// The level of each segment, in dBFS; nil if there is no other channel to compare with.
    package var levels: [Double]?

    package init(recognition: Recognition) {
        self.recognition = recognition
    }

    private enum CodingKeys: String, CodingKey {
        case recognition, levels
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard values.contains(.recognition) else {
            // The chunk was recognized before version 4 of the schema.
            recognition = try Recognition(from: decoder)
            return
        }
        recognition = try values.decode(Recognition.self, forKey: .recognition)
        levels = try values.decodeIfPresent([Double].self, forKey: .levels)
    }
}

/// Converts detected speech to and from the form of `chunks.speech`: start, end, start, end, …, in milliseconds from the start of the
/// audio.
enum SpeechSpans {
    /// - Parameters:
    ///   - spans: Ranges in samples from the start of the source.
    ///   - start: Where the audio starts, in samples of the source.
    static func flattened(_ spans: [Range<Int64>], from start: Int64) -> [Int64] {
        spans.flatMap { [Samples.milliseconds($0.lowerBound - start), Samples.milliseconds($0.upperBound - start)] }
    }

    static func spans(_ flattened: [Int64]) -> [Range<Int64>] {
        stride(from: 0, to: flattened.count - 1, by: 2).compactMap { index in
            flattened[index] < flattened[index + 1] ? flattened[index]..<flattened[index + 1] : nil
        }
    }
}
