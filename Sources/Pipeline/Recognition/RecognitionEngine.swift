/// Turns the audio of one chunk into words: Whisper, AssemblyAI, or one with the other as fallback.
package protocol RecognitionEngine: Sendable {
    /// Returns the engine's name in transcripts without recognized words: `assemblyai_universal_3`, `whisper_base`.
    func name() async throws -> String

    /// Recognizes the chunk, or takes one step toward that.
    ///
    /// An external engine returns ``EngineStep/waiting(_:again:)`` as soon as it can, so that no worker slot is held while it works.
    /// The caller stores the ticket, so that it survives a restart, and passes it in the next call. The new ticket may replace the
    /// passed one; both must be forgotten later.
    ///
    /// - Parameter ticket: The last ticket that this engine returned for this chunk.
    /// - Throws: ``EngineError``; `CancellationError`; errors of the transport, which may be temporary.
    func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep

    /// Deletes the engine's copy of the ticket's chunk. Throws if it must be tried again.
    func forget(_ ticket: EngineTicket) async throws
}

/// The result of one step of recognition.
package enum EngineStep: Sendable {
    case heard(Recognition)
    /// Call again after this time, with this ticket. Without a ticket, the chunk could not be submitted yet.
    case waiting(EngineTicket?, again: Duration)
    /// The chunk was only asked for, and there is something to do that needs a slot. Call again with one.
    case needsSlot
}

/// A chunk to recognize: of one channel, if the channels are two voices.
package struct SpeechChunk: Sendable {
    /// Reads the audio as WAV: 16 kHz, mono, 16 bit. A closure, because a poll doesn't need the audio.
    package let wav: @Sendable () async throws -> [UInt8]
    /// Milliseconds.
    package let duration: Int64
    /// One of Whisper's language codes.
    package let language: String
    /// Where somebody speaks: ranges in milliseconds from the chunk's start, in order, with gaps between them.
    package let speech: [Range<Int64>]
    /// What the engine should know: the customer's names, products, abbreviations.
    package let keyTerms: [String]
    /// Whether the engine is only asked for what it already has: the caller has no slot for more.
    package let isOnlyAskedFor: Bool

    package init(
        reading wav: @escaping @Sendable () async throws -> [UInt8], duration: Int64, language: String,
        speech: [Range<Int64>], keyTerms: [String] = [], isOnlyAskedFor: Bool = false
    ) {
        self.wav = wav
        self.duration = duration
        self.language = language
        self.speech = speech
        self.keyTerms = keyTerms
        self.isOnlyAskedFor = isOnlyAskedFor
    }
}
