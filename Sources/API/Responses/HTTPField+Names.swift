import HTTPTypes
import Pipeline

/// Header fields that `HTTPTypes` does not name.
extension HTTPField.Name {
    package static let xRequestID = HTTPField.Name(known: "X-Request-Id")
    static let traceparent = HTTPField.Name(known: TraceContext.headerName)
    static let idempotencyKey = HTTPField.Name(known: "Idempotency-Key")
    static let idempotentReplayed = HTTPField.Name(known: "Idempotent-Replayed")
    static let xForwardedFor = HTTPField.Name(known: "X-Forwarded-For")
    static let referrerPolicy = HTTPField.Name(known: "Referrer-Policy")
    static let crossOriginOpenerPolicy = HTTPField.Name(known: "Cross-Origin-Opener-Policy")
    static let xFrameOptions = HTTPField.Name(known: "X-Frame-Options")
    static let xCSRFToken = HTTPField.Name(known: "X-CSRF-Token")
    static let upgrade = HTTPField.Name(known: "Upgrade")

    /// For names in the source code: a misspelled one is a programming error.
    private init(known name: String) {
        guard let parsed = HTTPField.Name(name) else { preconditionFailure("\(name) is not a header field name") }
        self = parsed
    }
}
