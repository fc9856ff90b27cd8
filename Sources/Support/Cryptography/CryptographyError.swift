import COpenSSL

/// Why an operation with a key failed.
package enum CryptographyError: Error, Equatable {
    /// What was sealed was altered, or sealed under another key or for another purpose.
    case notAuthentic
    /// These bytes are no key.
    case invalidKey
    /// A call of the library failed: no memory, no randomness, or an algorithm that this machine's configuration forbids.
    case failed(call: String)

    /// Throws unless a call of the library succeeded. What failed is taken from the thread's list of errors, where the next user of the
    /// library, such as libcurl, would take it for its own.
    static func check(_ result: Int32, _ call: StaticString, or error: CryptographyError? = nil)
        throws(CryptographyError)
    {
        guard result == 1 else {
            ERR_clear_error()
            throw error ?? .failed(call: "\(call)")
        }
    }

    /// The same for a call that answers a pointer.
    static func check(
        _ result: OpaquePointer?, _ call: StaticString, or error: CryptographyError? = nil
    ) throws(CryptographyError) -> OpaquePointer {
        guard let result else {
            ERR_clear_error()
            throw error ?? .failed(call: "\(call)")
        }
        return result
    }
}
