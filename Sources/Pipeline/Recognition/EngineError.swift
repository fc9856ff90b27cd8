/// Why an engine did not recognize a chunk, as far as it matters for what happens next.
package enum EngineError: Error, Sendable, Equatable {
    /// The operator's account at the engine is out of quota. The job fails with `quota_exceeded`; no other engine silently takes over.
    case quotaExceeded
    /// The engine rejects our key, or the settings allow no request. The operator must correct the settings; no other engine takes over.
    /// The text is for the log and contains no secret.
    case misconfigured(String)
    /// The engine rejects our request with every model name, because what it accepts has changed. It is neither the customer's fault nor
    /// about quota, so another engine takes over if there is one. The text is for the log and contains no secret.
    case refused(String)
    /// The engine cannot decode the audio.
    case invalidAudio(InvalidAudioReason)
    /// It may work later, or with another engine. The engine has made all its retries.
    case unavailable(FallbackReason)
}

/// Why a chunk went to another engine, as transcripts name it.
package enum FallbackReason: String, Sendable, Codable, CaseIterable {
    case networkError = "network_error"
    case timeout
    case serverError = "server_error"
    case rateLimited = "rate_limited"
    /// The first engine had just failed so often that it was not called.
    case circuitOpen = "circuit_open"
    /// The first engine accepted the chunk but could not transcribe it.
    case transcriptionFailed = "transcription_failed"
    case languageUnsupported = "language_unsupported"
    /// The first engine rejected every model name, or the request as such.
    case requestRefused = "request_refused"
}
