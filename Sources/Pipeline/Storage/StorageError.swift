import Foundation

/// The file system or the object store refused. Holds neither path nor key: those hold tenants' ids.
package struct StorageError: Error, CustomStringConvertible {
    /// Of an object store the nearest to what it answered.
    package let errno: Int32
    private let words: String?

    /// - Parameter words: more than the number says, for an operator.
    package init(errno: Int32, words: String? = nil) {
        self.errno = errno
        self.words = words
    }

    /// What Foundation says of files names their paths; its number is enough.
    init(fault: any Error) {
        if let error = fault as? StorageError {
            self = error
        } else if let cause = (fault as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError {
            self.init(errno: cause.code.rawValue)
        } else {
            self.init(errno: (fault as? CocoaError)?.code == .fileWriteOutOfSpace ? ENOSPC : EIO)
        }
    }

    /// An object store that does not answer, or not now.
    static func away(_ words: String) -> StorageError { StorageError(errno: EAGAIN, words: words) }

    package var isFull: Bool { errno == ENOSPC || errno == EDQUOT }

    /// It may well be back soon, or this process have descriptors and memory for it again.
    package var isAway: Bool { [EAGAIN, EMFILE, ENFILE, ENOMEM].contains(errno) }

    package var description: String { "storage: \(words ?? String(cString: strerror(errno)))" }
}
