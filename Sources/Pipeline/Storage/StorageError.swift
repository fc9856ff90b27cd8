import Foundation

/// An error of the file system or the object store. It contains neither path nor key, because these contain tenants' ids.
package struct StorageError: Error, CustomStringConvertible {
    /// The error number. For an object store, the one that is nearest to its response.
    package let errno: Int32
    private let words: String?

    /// - Parameter words: a message for operators that says more than the number.
    package init(errno: Int32, words: String? = nil) {
        self.errno = errno
        self.words = words
    }

    /// Keeps only the number of a Foundation error, because its text contains paths.
    init(fault: any Error) {
        if let error = fault as? StorageError {
            self = error
        } else if let cause = (fault as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError {
            self.init(errno: cause.code.rawValue)
        } else {
            self.init(errno: (fault as? CocoaError)?.code == .fileWriteOutOfSpace ? ENOSPC : EIO)
        }
    }

    /// The object store does not answer, or asks to try again later.
    static func away(_ words: String) -> StorageError { StorageError(errno: EAGAIN, words: words) }

    package var isFull: Bool { errno == ENOSPC || errno == EDQUOT }

    /// Whether the storage may be back soon, or this process may soon have descriptors and memory for it again.
    package var isAway: Bool { [EAGAIN, EMFILE, ENFILE, ENOMEM].contains(errno) }

    package var description: String { "storage: \(words ?? String(cString: strerror(errno)))" }
}
