/// What turns the sound of one chunk into words: Whisper, AssemblyAI, or one with the other behind it.
package protocol RecognitionEngine: Sendable {
    /// As transcripts name it where nothing was recognized: `assemblyai_universal_3`, `whisper_base`.
    func name() async throws -> String

    /// Recognizes the chunk, or goes one step toward that.
    ///
    /// An engine that works elsewhere answers ``EngineStep/waiting(_:again:)`` as soon as it can, so that no worker is held while
    /// another's queue moves; the caller keeps the ticket, also through a restart, and brings it the next time. A ticket may replace
    /// the one that was brought; both are then still to be forgotten.
    ///
    /// - Parameter ticket: what this engine answered for this chunk before.
    /// - Throws: ``EngineError``; `CancellationError`; what its transport throws, which may pass.
    func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep

    /// Has the copy that the ticket stands for deleted where the engine works. Throws when that has to be tried again.
    func forget(_ ticket: EngineTicket) async throws
}

/// How far a chunk has come.
package enum EngineStep: Sendable {
    case heard(Recognition)
    /// Ask again after that time, with this ticket; without one the chunk could not be handed in yet.
    case waiting(EngineTicket?, again: Duration)
}

/// The stretch of a source that is recognized by itself: of one channel, where channels are apart.
package struct SpeechChunk: Sendable {
    /// WAV, 16 kHz, mono, 16 bit. Read when it is asked for: whoever only asks how far another's work has come needs none.
    package let wav: @Sendable () async throws -> [UInt8]
    /// Milliseconds.
    package let duration: Int64
    /// A code of Whisper's.
    package let language: String
    /// Where somebody speaks: milliseconds from the chunk's start, in order, apart from each other.
    package let speech: [Range<Int64>]

    package init(
        reading wav: @escaping @Sendable () async throws -> [UInt8], duration: Int64, language: String,
        speech: [Range<Int64>]
    ) {
        self.wav = wav
        self.duration = duration
        self.language = language
        self.speech = speech
    }
}
