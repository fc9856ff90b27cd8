import Files
import Foundation
import Synchronization

/// The local disk space for copies of objects: in each process as many bytes as the setting allows, if the disk has them.
package final class ScratchSpace: Sendable {
    /// The folder, which must exist.
    let folder: String
    private let limit: Int64
    private let taken = Mutex<Int64>(0)

    package init(folder: String, bytes: Int64) {
        self.folder = folder
        limit = bytes
    }

    /// How many bytes are in use now.
    package var used: Int64 { taken.withLock { $0 } }

    /// A number of bytes of the space. They are released with the last reference.
    final class Share: Sendable {
        private let space: ScratchSpace
        private let bytes: Int64

        fileprivate init(_ bytes: Int64, of space: ScratchSpace) {
            self.space = space
            self.bytes = bytes
        }

        deinit { space.taken.withLock { [bytes] in $0 -= bytes } }
    }

    /// Takes bytes of the space.
    ///
    /// - Throws: ``StorageError`` (full) if too few are left.
    func take(_ bytes: Int64) throws -> Share {
        let fits = taken.withLock { taken in
            guard bytes >= 0, bytes <= limit - taken else { return false }
            taken += bytes
            return true
        }
        guard fits else { throw StorageError(errno: ENOSPC, words: "no room for another copy in VERBATIM_SCRATCH") }
        return Share(bytes, of: self)
    }

    /// Creates a file without a name, and allocates its disk space. The caller must close the descriptor.
    func unnamedFile(of bytes: Int64) throws -> Int32 {
        let descriptor = UnnamedFile.openAnywhere(in: folder, prefix: "copy")
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        // If the file system can't allocate, missing space shows when the file is written.
        let code = bytes > 0 ? posix_fallocate(descriptor, 0, off_t(bytes)) : 0
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            close(descriptor)
            throw StorageError(errno: code)
        }
        return descriptor
    }
}
