import Foundation

/// The file system refused. Holds no path: those hold tenants' ids.
package struct StorageError: Error, CustomStringConvertible {
    package let errno: Int32

    package init(errno: Int32) { self.errno = errno }

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

    package var isFull: Bool { errno == ENOSPC || errno == EDQUOT }

    package var description: String { "storage: \(String(cString: strerror(errno)))" }
}
