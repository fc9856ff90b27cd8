import Egress

/// Why an engine did not recognize a chunk, as metrics name it: few words of the same kind for whatever may go wrong.
package enum EngineFailure: String, Sendable, CaseIterable {
    case busy
    case circuitOpen = "circuit_open"
    case invalidAudio = "invalid_audio"
    case languageUnsupported = "language_unsupported"
    case misconfigured
    case networkError = "network_error"
    case other
    case quotaExceeded = "quota_exceeded"
    case rateLimited = "rate_limited"
    case requestRefused = "request_refused"
    case serverError = "server_error"
    case timeout
    case transcriptionFailed = "transcription_failed"

    init(_ error: any Error) {
        self =
            switch error {
            case EngineError.quotaExceeded: .quotaExceeded
            case EngineError.misconfigured: .misconfigured
            case EngineError.refused: .requestRefused
            case EngineError.invalidAudio: .invalidAudio
            case EngineError.unavailable(let reason): Self(reason)
            case let error as ModelServerError: error.isBusy ? .busy : .serverError
            case is EgressError: .networkError
            default: .other
            }
    }

    private init(_ reason: FallbackReason) {
        self =
            switch reason {
            case .networkError: .networkError
            case .timeout: .timeout
            case .serverError: .serverError
            case .rateLimited: .rateLimited
            case .circuitOpen: .circuitOpen
            case .transcriptionFailed: .transcriptionFailed
            case .languageUnsupported: .languageUnsupported
            case .requestRefused: .requestRefused
            }
    }
}
