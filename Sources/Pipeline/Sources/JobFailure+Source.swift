import Billing

// The failures of jobs whose recording could not be fetched, with the messages for customers.
extension JobFailure {
    package static let sourceURLRefused = JobFailure(
        code: .sourceURLRefused,
        message:
            "The source's URL leads to an address that is not public. Nothing was sent there. Upload the file instead.")
    package static let sourceNotFound = JobFailure(
        code: .sourceNotFound,
        message:
            "There is nothing at the source's URL, or its host's name does not exist. Check the URL and submit it again."
    )
    package static let sourceRequiresLogin = JobFailure(
        code: .sourceRequiresLogin,
        message:
            "The source's URL requires a login or refuses access: it is private, or its link has expired. Make it public, use a presigned link, or upload the file."
    )
    package static let sourceBlocked = JobFailure(
        code: .sourceBlocked,
        message:
            "The site of the source's URL blocks downloads by programs, from our network, or after many requests. Upload the file instead."
    )
    package static let sourceTooLarge = JobFailure(
        code: .sourceTooLarge, message: "The file at the source's URL is larger than the plan allows.")
    package static let sourceTimeout = JobFailure(
        code: .sourceTimeout,
        message:
            "The source's URL answered too slowly or not at all, although it was tried several times. Submit it again later, or upload the file."
    )
    package static let sourceUnreachable = JobFailure(
        code: .transientError,
        message: "The source could not be fetched just now, although it was tried several times. Submit it again later."
    )
    /// The recording is longer than what `limit` leaves of the month.
    package static func sourceExceeds(_ limit: QuotaLimit) -> JobFailure {
        JobFailure(
            code: .quotaExceeded, reason: limit.rawValue,
            message: "\(limit.subject) not cover the recording. Nothing is billed.")
    }

    /// The JavaScript could not be run here, or had no result.
    package static let sourceNeedsJavaScript = JobFailure(
        code: .sourceUnsupported, reason: UnsupportedSource.noMedia.rawValue,
        message:
            "The site of the source's URL reveals its recordings only to browsers that run its JavaScript, and that did not work here. Upload the file instead."
    )
    /// The first part alone is not the recording.
    package static let sourceInParts = JobFailure(
        code: .sourceUnsupported, reason: UnsupportedSource.noMedia.rawValue,
        message: "The recording at the source's URL comes in several parts. Put them together and upload the file.")

    package enum UnsupportedSource: String {
        case noMedia = "no_media"
        case liveStream = "live_stream"
        case tooManyRedirects = "too_many_redirects"
        case invalidCertificate = "invalid_certificate"
        case protectedMedia = "protected_media"
        case notHTTP = "not_http"
    }

    package static func sourceUnsupported(_ reason: UnsupportedSource) -> JobFailure {
        let message =
            switch reason {
            case .noMedia:
                "No recording was found at the source's URL. Give the address of the media file itself, or upload it."
            case .liveStream: "The source is a live stream, which has no end. Submit its recording when it is over."
            case .tooManyRedirects:
                "The source's URL is redirected more than five times. Give the address that it leads to."
            case .invalidCertificate: "The host of the source's URL has no valid certificate. Upload the file instead."
            case .protectedMedia: "The source is protected against copying. Upload a recording that is not."
            case .notHTTP: "The host of the source's URL does not answer as a web server does. Check the URL."
            }
        return JobFailure(code: .sourceUnsupported, reason: reason.rawValue, message: message)
    }
}
