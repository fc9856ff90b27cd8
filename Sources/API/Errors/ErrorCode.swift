/// Every `error` code that the API answers with, its HTTP status and its RFC 9457 title.
///
/// The raw values are part of the contract with customers: never rename one.
package enum ErrorCode: String, Sendable, CaseIterable {
    case invalidRequest = "invalid_request"
    case unknownFormat = "unknown_format"
    case invalidAPIKey = "invalid_api_key"
    case tokenExpired = "token_expired"
    case invalidToken = "invalid_token"
    case invalidRefreshToken = "invalid_refresh_token"
    case wrongPassword = "wrong_password"
    case invalidLink = "invalid_link"
    case quotaExceeded = "quota_exceeded"
    case accountSuspended = "account_suspended"
    case insufficientScope = "insufficient_scope"
    case addressNotAllowed = "address_not_allowed"
    case liveKeyRequired = "live_key_required"
    case roleRequired = "role_required"
    case csrfTokenMissing = "csrf_token_missing"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case jobFinished = "job_finished"
    case jobActive = "job_active"
    case notReady = "not_ready"
    case idempotencyInProgress = "idempotency_in_progress"
    case keyNotActive = "key_not_active"
    case limitReached = "limit_reached"
    case endpointExists = "endpoint_exists"
    case memberExists = "member_exists"
    case lastOwner = "last_owner"
    case transcriptDeleted = "transcript_deleted"
    case preconditionFailed = "precondition_failed"
    case preconditionRequired = "precondition_required"
    case fileTooLarge = "file_too_large"
    case requestTooLarge = "request_too_large"
    case invalidAudio = "invalid_audio"
    case unsupportedMediaType = "unsupported_media_type"
    case idempotencyConflict = "idempotency_conflict"
    case sourceURLRefused = "source_url_refused"
    case webhookURLRefused = "webhook_url_refused"
    case rateLimited = "rate_limited"
    case internalError = "internal_error"
    case transientError = "transient_error"

    /// The HTTP status code that goes with the code, always the same one.
    package var status: Int {
        switch self {
        case .invalidRequest, .unknownFormat: 400
        case .invalidAPIKey, .tokenExpired, .invalidToken, .invalidRefreshToken, .wrongPassword: 401
        case .quotaExceeded: 402
        case .accountSuspended, .insufficientScope, .addressNotAllowed, .liveKeyRequired, .roleRequired,
            .csrfTokenMissing:
            403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .jobFinished, .jobActive, .notReady, .idempotencyInProgress, .keyNotActive, .limitReached, .endpointExists,
            .memberExists,
            .lastOwner:
            409
        case .transcriptDeleted, .invalidLink: 410
        case .preconditionFailed: 412
        case .fileTooLarge, .requestTooLarge: 413
        case .invalidAudio, .unsupportedMediaType: 415
        case .idempotencyConflict, .sourceURLRefused, .webhookURLRefused: 422
        case .preconditionRequired: 428
        case .rateLimited: 429
        case .internalError: 500
        case .transientError: 503
        }
    }

    /// A short name of the problem, the same for every occurrence.
    package var title: String {
        switch self {
        case .invalidRequest: "Invalid request"
        case .unknownFormat: "Unknown transcript format"
        case .invalidAPIKey: "Invalid API key"
        case .tokenExpired: "Access token expired"
        case .invalidToken: "Invalid access token"
        case .invalidRefreshToken: "Invalid refresh token"
        case .wrongPassword: "Wrong e-mail address or password"
        case .invalidLink: "Link no longer valid"
        case .quotaExceeded: "Quota exceeded"
        case .accountSuspended: "Account suspended"
        case .insufficientScope: "Insufficient scope"
        case .addressNotAllowed: "Address not allowed"
        case .liveKeyRequired: "Live key required"
        case .roleRequired: "Role required"
        case .csrfTokenMissing: "CSRF token missing"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .requestTimeout: "Request timed out"
        case .jobFinished: "Job already finished"
        case .jobActive: "Job still active"
        case .notReady: "Not ready"
        case .idempotencyInProgress: "Request with this key in progress"
        case .keyNotActive: "API key not active"
        case .limitReached: "Limit reached"
        case .endpointExists: "Endpoint exists"
        case .memberExists: "Member exists"
        case .lastOwner: "Last owner"
        case .transcriptDeleted: "Transcript deleted"
        case .preconditionFailed: "Changed meanwhile"
        case .preconditionRequired: "If-Match is missing"
        case .fileTooLarge: "File too large"
        case .requestTooLarge: "Request too large"
        case .invalidAudio: "Invalid audio"
        case .unsupportedMediaType: "Unsupported media type"
        case .idempotencyConflict: "Idempotency key reused"
        case .sourceURLRefused: "Source URL refused"
        case .webhookURLRefused: "Webhook URL refused"
        case .rateLimited: "Rate limited"
        case .internalError: "Internal error"
        case .transientError: "Temporarily unavailable"
        }
    }
}
