import Files
import Foundation
import Synchronization

/// The room for copies of objects on the local disk: as many bytes in a process as the settings allow, and none that the disk has not.
package final class ScratchSpace: Sendable {
    /// A folder that is there.
    let folder: String
    private let limit: Int64
    private let taken = Mutex<Int64>(0)

    package init(folder: String, bytes: Int64) {
        self.folder = folder
        limit = bytes
    }

    /// Bytes that are taken now.
    package var used: Int64 { taken.withLock { $0 } }

    /// So many bytes of it; they are given back with the last reference.
    final class Share: Sendable {
        private let space: ScratchSpace
        private let bytes: Int64

        fileprivate init(_ bytes: Int64, of space: ScratchSpace) {
            self.space = space
            self.bytes = bytes
        }

        deinit { space.taken.withLock { [bytes] in $0 -= bytes } }
    }

    /// - Throws: ``StorageError`` that says "full", when so much is not left now.
    func take(_ bytes: Int64) throws -> Share {
        let fits = taken.withLock { taken in
            guard bytes >= 0, bytes <= limit - taken else { return false }
            taken += bytes
            return true
        }
        guard fits else { throw StorageError(errno: ENOSPC, words: "no room for another copy in VERBATIM_SCRATCH") }
        return Share(bytes, of: self)
    }

    /// A file without a name whose room on the disk is taken already. The descriptor is the caller's.
    func unnamedFile(of bytes: Int64) throws -> Int32 {
        let descriptor = UnnamedFile.openAnywhere(in: folder, prefix: "copy")
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        // Where the file system cannot, what is missing shows when it is written.
        let code = bytes > 0 ? posix_fallocate(descriptor, 0, off_t(bytes)) : 0
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            close(descriptor)
            throw StorageError(errno: code)
        }
        return descriptor
    }
}
