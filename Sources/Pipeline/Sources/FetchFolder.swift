import Foundation
import Glibc

/// A folder for one fetch. It is deleted with its last reference.
///
/// It is locked while it is in use. So all processes that share its parent folder, even in other containers, can recognize folders of dead
/// processes. Process ids would not do, because they are reused and mean other processes in other containers.
package final class FetchFolder: Sendable {
    private static let prefix = "fetch-"

    package let path: String
    private let descriptor: Int32

    package init(below parent: String) throws {
        while true {
            var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw StorageError(errno: errno) }
            let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let descriptor = Self.open(path)
            // Before the lock, another process may have taken the folder for abandoned and deleted it.
            if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, Self.exists(descriptor) {
                self.path = path
                self.descriptor = descriptor
                return
            }
            let error = errno
            if descriptor >= 0 { close(descriptor) }
            rmdir(path)
            guard error == EWOULDBLOCK || error == ENOENT else { throw StorageError(errno: error) }
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        close(descriptor)
    }

    /// Deletes the folders of dead processes. Blocks until that is done.
    package static func removeAbandoned(below parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let path = parent + "/" + name
            let descriptor = open(path)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: path) }
            close(descriptor)
        }
    }

    private static func open(_ path: String) -> Int32 {
        Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    /// Returns whether an open folder still has a name.
    private static func exists(_ descriptor: Int32) -> Bool {
        var status = stat()
        let isThere = fstat(descriptor, &status) == 0 && status.st_nlink > 0
        if !isThere { errno = ENOENT }
        return isThere
    }

    /// Returns the size of all files in a folder and its subfolders, in bytes.
    static func size(of folder: String) -> Int64 {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
            return sum + Int64(status.st_size)
        }
    }
}
