import Glibc

/// An object as a file of this machine: the object itself where storage is a folder, else a copy.
///
/// A copy is there as long as it is held, and has no name: nothing of it stays when this process ends, however it ends.
package final class LocalFile: Sendable {
    package let path: String
    private let copy: (descriptor: Int32, space: ScratchSpace.Share)?

    /// The object itself.
    init(path: String) {
        self.path = path
        copy = nil
    }

    /// A copy, whose descriptor and share become this one's.
    init(copy descriptor: Int32, in space: ScratchSpace.Share) {
        path = "/proc/self/fd/\(descriptor)"
        copy = (descriptor, space)
    }

    deinit {
        if let copy { close(copy.descriptor) }
    }
}

/// How large a file of this machine is.
enum FileSize {
    static func of(_ path: String) throws -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw StorageError(errno: errno) }
        return Int64(status.st_size)
    }
}
