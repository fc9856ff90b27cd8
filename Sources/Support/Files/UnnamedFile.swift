import Glibc

/// Files without a name: nothing of one stays when its process ends, however it ends.
package enum UnnamedFile {
    /// Linux's `O_TMPFILE`, which Swift's import of the headers leaves out: `__O_TMPFILE | O_DIRECTORY`.
    private static let flag: Int32 = 0o20_000_000 | O_DIRECTORY

    /// Makes an empty one in a folder, for reading and writing, by this user alone. The descriptor is the caller's, who may give the file
    /// a name (`linkat`).
    ///
    /// - Returns: a descriptor; below 0 when there is none, as `errno` says.
    package static func open(in folder: String) -> Int32 { Glibc.open(folder, flag | O_RDWR | O_CLOEXEC, 0o600) }

    /// The same also where the file system knows no files without a name (some overlays, NFS): there it is made with one, and loses that
    /// at once. It can be given no other.
    ///
    /// - Parameter prefix: what that name begins with.
    package static func openAnywhere(in folder: String, prefix: String) -> Int32 {
        let unnamed = open(in: folder)
        guard unnamed < 0, errno == EOPNOTSUPP || errno == EISDIR else { return unnamed }
        var path = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return descriptor }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(path)
        return descriptor
    }
}
