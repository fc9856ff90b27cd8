import Billing
import Postgres

/// Why a job failed, for its customer: an error code of the API, with a reason if the code has reasons.
package struct JobFailure: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable, PostgresCodable {
        case invalidAudio = "invalid_audio"
        case quotaExceeded = "quota_exceeded"
        case deadlineExceeded = "deadline_exceeded"
        case transientError = "transient_error"
        case internalError = "internal_error"
        case sourceURLRefused = "source_url_refused"
        case sourceNotFound = "source_not_found"
        case sourceRequiresLogin = "source_requires_login"
        case sourceBlocked = "source_blocked"
        case sourceUnsupported = "source_unsupported"
        case sourceTooLarge = "source_too_large"
        case sourceTimeout = "source_timeout"
    }

    package let code: Code
    package let reason: String?
    /// A sentence that says what happened and what to do. It contains no internals and no content.
    package let message: String

    /// Whether the same recording may succeed at a later time.
    var mayPass: Bool { code != .invalidAudio }

    package init(code: Code, reason: String? = nil, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    package static func invalidAudio(_ reason: InvalidAudioReason) -> JobFailure {
        JobFailure(code: .invalidAudio, reason: reason.rawValue, message: reason.message)
    }

    package static let recognizerQuotaExceeded = JobFailure(
        code: .quotaExceeded,
        message:
            "The recognition service's own account is out of quota. Nothing is billed; submit the recording again later."
    )

    /// The recording is longer than its file claimed, and `limit` does not cover it.
    package static func quotaExceeded(_ limit: QuotaLimit) -> JobFailure {
        JobFailure(
            code: .quotaExceeded, reason: limit.rawValue,
            message:
                "\(limit.subject) not cover the recording, which is longer than its file claimed. Nothing is billed.")
    }

    package static let deadlineExceeded = JobFailure(
        code: .deadlineExceeded,
        message: "The job was not finished by its deadline, so it was cancelled. Nothing is billed.")
    package static let languageUnsupported = JobFailure(
        code: .internalError,
        message: "The recognizer of this service does not know the recording's language. Tell support the job's id.")
    package static let transient = JobFailure(
        code: .transientError,
        message: "The recording could not be processed just now, although it was tried several times. Submit it again.")
    package static let `internal` = JobFailure(
        code: .internalError,
        message: "Something went wrong on our side. Submit the recording again or tell support the job's id.")
}

extension QuotaLimit {
    /// The limit as the beginning of a sentence that goes on with "not cover".
    package var subject: String {
        switch self {
        case .monthlyMinutes: "The month's minutes do"
        case .overageCap: "The account's cap on overage does"
        case .keyMinutes: "The API key's minutes for this month do"
        }
    }
}

extension InvalidAudioReason {
    /// The message for the customer.
    package var message: String {
        switch self {
        case .unsupportedFormat:
            "The file is not in a supported format. Send MP3, WAV, M4A, AAC, OGG, OPUS, FLAC, WEBM, MP4, MOV, MKV, AVI or WMV."
        case .decodeFailed: "The file's audio could not be decoded: it is damaged or incomplete."
        case .durationExceedsLimit: "The recording is longer than the plan allows."
        case .emptyAudio: "The recording is empty: it holds no data, or nothing but silence."
        }
    }
}

/// The API's reasons of `invalid_audio`.
package enum InvalidAudioReason: String, Codable, Sendable, CaseIterable {
    /// The container or codec is not supported, or there is no audio.
    case unsupportedFormat = "unsupported_format"
    /// The format is supported, but nothing can be decoded.
    case decodeFailed = "decode_failed"
    /// The recording is longer than the plan allows. Callers decide this, because the media tool knows no plans.
    case durationExceedsLimit = "duration_exceeds_limit"
    /// The file is empty, or contains only silence.
    case emptyAudio = "empty_audio"
}
