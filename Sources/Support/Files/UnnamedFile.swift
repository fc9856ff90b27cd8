import Glibc

/// Files without a name. The kernel deletes such a file when the process ends, however it ends.
package enum UnnamedFile {
    /// Linux's `O_TMPFILE` (`__O_TMPFILE | O_DIRECTORY`), which Swift does not import.
    private static let flag: Int32 = 0o20_000_000 | O_DIRECTORY

    /// Creates an empty file in `folder` that only this user can read and write. The caller must close the descriptor, and may give the file
    /// a name with `linkat`.
    ///
    /// - Returns: a descriptor; below 0 on failure, with `errno` set.
    package static func open(in folder: String) -> Int32 { Glibc.open(folder, flag | O_RDWR | O_CLOEXEC, 0o600) }

    /// Does the same on any file system. Where files without a name are not supported (NFS, some overlays), the file is created with a name
    /// that is removed at once. Such a file cannot be given a name again.
    ///
    /// - Parameter prefix: how the temporary name begins.
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
