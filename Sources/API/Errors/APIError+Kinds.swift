import HTTPTypes
import Tenancy

/// The errors that more than one place throws, with the members and header fields that their codes promise.
extension APIError {
    /// 400. `field` names the offending field as the customer spelled it, when there is one.
    package static func invalidRequest(_ message: String, field: String? = nil) -> Self {
        Self(.invalidRequest, message, details: field.map { ["field": .text($0)] } ?? [:])
    }

    /// 403 for a tenant that may do nothing for now.
    package static let accountSuspended = Self(
        .accountSuspended, "This account is suspended. Please contact support.")

    /// 403 for a key or token that may not do this. `scope` is what it would need.
    package static func insufficientScope(_ scope: Scope) -> Self {
        Self(
            .insufficientScope,
            "This needs the scope \(scope.rawValue), which the API key or the access token does not have.",
            details: ["scope": .text(scope.rawValue)],
            headers: [.wwwAuthenticate: "Bearer error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""])
    }

    /// 403 for a call from outside the addresses that an API key names.
    package static let addressNotAllowed = Self(
        .addressNotAllowed, "The API key may not be used from this address. Its allowed_addresses say from which.")

    /// 403 for a test key that would change something real.
    package static let liveKeyRequired = Self(
        .liveKeyRequired, "This needs a live API key; yours is a test key, which only submits simulated jobs.")

    /// 403 for a call that only some members may make. `roles` may.
    package static func roleRequired(_ roles: [MemberRole]) -> Self {
        let names = roles.map(\.rawValue).joined(separator: " or ")
        let shown = roles.map(\.rawValue)
        let list = shown.count > 2 ? shown.dropLast().joined(separator: ", ") + " or " + (shown.last ?? "") : names
        return Self(
            .roleRequired, "This needs a member with the role \(list), signed in with e-mail address and password.",
            details: ["role": .text(names)])
    }

    /// 403 for a change by a page that did not send its session's CSRF token.
    package static let csrfTokenMissing = Self(
        .csrfTokenMissing,
        "Send the csrf_token of POST /members/sign-in or GET /members/me as X-CSRF-Token with every change.")

    /// 401 for a token that has submitted its one job.
    package static let tokenSpent = Self(
        .invalidToken, "This access token may submit one job, and has done so. Get a new one from POST /auth/token.")

    /// 404, also for what belongs to somebody else.
    package static func notFound(_ message: String = "There is nothing at this address.") -> Self {
        Self(.notFound, message)
    }

    /// 405 with the methods that would work here.
    package static func methodNotAllowed(allow: String) -> Self {
        Self(
            .methodNotAllowed, "This address does not answer that method; it answers \(allow).",
            headers: [.allow: allow])
    }

    /// 413 for a media file over the plan's cap.
    package static func fileTooLarge(limitBytes: Int64) -> Self {
        Self(
            .fileTooLarge, "The file is larger than the \(limitBytes) bytes that are allowed.",
            details: ["limit_bytes": .number(limitBytes)])
    }

    /// 413 for any other body over its cap.
    package static func requestTooLarge(limitBytes: Int64) -> Self {
        Self(
            .requestTooLarge, "The request's body is larger than the \(limitBytes) bytes that are allowed.",
            details: ["limit_bytes": .number(limitBytes)])
    }

    /// 415 for the request's own content type.
    package static func unsupportedMediaType(_ message: String) -> Self {
        Self(.unsupportedMediaType, message)
    }

    /// 415 for the media itself. `reason` is one of the contract's words (`decode_failed`, `empty_audio`, …).
    package static func invalidAudio(reason: String, _ message: String) -> Self {
        Self(.invalidAudio, message, details: ["reason": .text(reason)])
    }

    /// 429 with the whole seconds (at least 1) after which another try makes sense.
    package static func rateLimited(_ message: String, retryAfterSeconds: Int) -> Self {
        Self(.rateLimited, message, headers: [.retryAfter: String(max(1, retryAfterSeconds))])
    }

    /// 503 with the whole seconds (at least 1) after which another try makes sense.
    package static func transient(_ message: String, retryAfterSeconds: Int) -> Self {
        Self(.transientError, message, headers: [.retryAfter: String(max(1, retryAfterSeconds))])
    }

    /// 500 without any detail.
    package static let internalError = Self(
        .internalError, "Something went wrong on our side. Please quote the request id to support.")
}
