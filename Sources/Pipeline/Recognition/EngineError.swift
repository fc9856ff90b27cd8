/// Why an engine did not recognize a chunk, as far as it makes a difference to what happens next.
package enum EngineError: Error, Sendable, Equatable {
    /// The operator's account there is out of quota: the job fails with `quota_exceeded`, and no other engine takes over silently.
    case quotaExceeded
    /// The engine refuses our key, or the settings make no request: for the operator to mend, and no other engine takes over. The text is
    /// for the log; it holds no secret.
    case misconfigured(String)
    /// The engine refuses what we ask of it, by whatever model name: what it takes has changed. Neither the customer's fault nor a
    /// matter of quota, so another engine takes over where there is one. The text is for the log; it holds no secret.
    case refused(String)
    /// The engine finds nothing to decode.
    case invalidAudio(InvalidAudioReason)
    /// It may work later, or elsewhere. Every bounded try has been made.
    case unavailable(FallbackReason)
}

/// Why a chunk went to another engine, as transcripts tell it.
package enum FallbackReason: String, Sendable, Codable {
    case networkError = "network_error"
    case timeout
    case serverError = "server_error"
    case rateLimited = "rate_limited"
    /// It failed so often just before that it was not asked.
    case circuitOpen = "circuit_open"
    /// It took the chunk and gave it up.
    case transcriptionFailed = "transcription_failed"
    case languageUnsupported = "language_unsupported"
    /// It refused what it was asked for: each model name, or the request as such.
    case requestRefused = "request_refused"
}
