// What a download's caller decides once the answer has begun.

/// How a successful answer begins.
package struct EgressResponseHead: Sendable {
    package let status: Int
    package let headers: EgressHeaders
    /// Where redirects led; nil when there were none.
    package let redirectedTo: String?
    /// The body's first bytes: 1,024 of them, or all there are.
    package let bytes: [UInt8]
}

package enum EgressVerdict: Sendable {
    /// The body goes to the file descriptor, so many bytes of it at most.
    case store(limit: Int)
    /// It is small, and wanted in memory.
    case read(limit: Int)
    /// So many bytes of it are wanted in memory; what comes after them is not, and is no fault.
    case readBeginning(limit: Int)
    /// It is not wanted: the connection is closed, and the call throws `EgressError.unwanted`.
    case stop
}

/// Called once, on the client's thread, which it must not keep waiting.
package typealias EgressJudge = @Sendable (EgressResponseHead) -> EgressVerdict
