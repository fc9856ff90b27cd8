// The caller's decision about a download once the response has begun.

/// The beginning of a successful response.
package struct EgressResponseHead: Sendable {
    package let status: Int
    package let headers: EgressHeaders
    /// The URL to which redirects led; nil if there were none.
    package let redirectedTo: String?
    /// The first 1,024 bytes of the body, or all if it is shorter.
    package let bytes: [UInt8]
}

package enum EgressVerdict: Sendable {
    /// Write the body to the file descriptor, at most `limit` bytes.
    case store(limit: Int)
    /// Return the body in memory, at most `limit` bytes. For small bodies.
    case read(limit: Int)
    /// Return the first `limit` bytes of the body in memory. A longer body is not an error.
    case readBeginning(limit: Int)
    /// Close the connection. The call throws `EgressError.unwanted`.
    case stop
}

/// Called once, on the client's thread, so it must return quickly.
package typealias EgressJudge = @Sendable (EgressResponseHead) -> EgressVerdict
