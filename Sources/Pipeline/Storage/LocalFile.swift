import Glibc

/// An object as a local file: the object itself if the storage is a folder, else a copy.
///
/// A copy exists as long as this object. It has no name, so the kernel deletes it when this process ends, however it ends.
package final class LocalFile: Sendable {
    package let path: String
    private let copy: (descriptor: Int32, space: ScratchSpace.Share)?

    /// The object itself.
    init(path: String) {
        self.path = path
        copy = nil
    }

    /// A copy. This object owns its descriptor and its share of the scratch space.
    init(copy descriptor: Int32, in space: ScratchSpace.Share) {
        path = "/proc/self/fd/\(descriptor)"
        copy = (descriptor, space)
    }

    deinit {
        if let copy { close(copy.descriptor) }
    }
}

/// The size of a local file, in bytes.
enum FileSize {
    static func of(_ path: String) throws -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw StorageError(errno: errno) }
        return Int64(status.st_size)
    }
}
