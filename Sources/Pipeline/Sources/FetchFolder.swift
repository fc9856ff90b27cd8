import Foundation
import Glibc

/// A folder for one fetch, which goes with its last reference.
///
/// It is locked for as long as it is in use. So whoever shares its parent, in another container too, can tell what a process left that is
/// no more: process ids would tell neither, they come again and mean another process elsewhere.
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
            // One that somebody took for abandoned before it was locked is gone, or about to go.
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

    /// Removes what processes left that are no more. Blocks for as long as that takes.
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

    /// Whether what is open still has a name.
    private static func exists(_ descriptor: Int32) -> Bool {
        var status = stat()
        let isThere = fstat(descriptor, &status) == 0 && status.st_nlink > 0
        if !isThere { errno = ENOENT }
        return isThere
    }

    /// What all files below it hold, in bytes.
    static func size(of folder: String) -> Int64 {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
            return sum + Int64(status.st_size)
        }
    }
}
