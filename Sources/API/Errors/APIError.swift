import HTTPTypes

/// What a handler throws to answer with a problem document.
///
/// Customers see everything in it, so it must contain no internals. It is not logged as a fault.
package struct APIError: Error, Sendable, Equatable {
    /// A member that a code adds to the problem document.
    package enum Detail: Sendable, Equatable {
        case text(String)
        case number(Int64)
        case flag(Bool)
    }

    package let code: ErrorCode
    /// One sentence that the customer can act on.
    package let message: String
    /// Members in addition to the standard ones, by name (`field`, `limit_bytes`, `reason`, `overage_allowed`).
    package let details: [String: Detail]
    /// Header fields of the answer (`Retry-After`, `Allow`).
    package let headers: HTTPFields

    package init(
        _ code: ErrorCode, _ message: String, details: [String: Detail] = [:], headers: HTTPFields = [:]
    ) {
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }
}
