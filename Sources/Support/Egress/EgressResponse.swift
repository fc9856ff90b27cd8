// An answer, whatever its status: a 500 is an answer, not an error of the transport.

package struct EgressResponse: Sendable {
    package let status: Int
    package let headers: EgressHeaders
    /// Empty for a successful download, whose body went to its file descriptor; of another answer to one, the beginning.
    package let body: [UInt8]
    /// Where redirects led, the answer's own address; nil when there were none.
    package let redirectedTo: String?
    package let timings: EgressTimings

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// Times from the moment the transfer had its turn; each includes those before it.
package struct EgressTimings: Sendable {
    package let firstByte: Duration
    package let total: Duration
}
