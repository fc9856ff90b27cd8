import COpenSSL

/// Why an operation with a key failed.
package enum CryptographyError: Error, Equatable {
    /// The encrypted bytes were changed, or encrypted with another key or context.
    case notAuthentic
    /// The bytes are not a key.
    case invalidKey
    /// A call of the library failed: no memory, no random bytes, or an algorithm that the machine's configuration forbids.
    case failed(call: String)

    /// Throws if a call of the library failed. Also clears the thread's error queue, because the next user of the library, such as libcurl, would
    /// mistake the error for its own.
    static func check(_ result: Int32, _ call: StaticString, or error: CryptographyError? = nil)
        throws(CryptographyError)
    {
        guard result == 1 else {
            ERR_clear_error()
            throw error ?? .failed(call: "\(call)")
        }
    }

    /// The same for a call that returns a pointer.
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
