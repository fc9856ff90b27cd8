import Glibc

/// The directory of one process's spooled files, below a root that several processes may share.
///
/// The process holds a lock on its directory for as long as it lives, so that the next one to start can recognize the directories of dead
/// processes and remove them. All calls block: they belong on a thread of their own.
final class SpoolDirectory: Sendable {
    let path: String
    private let descriptor: Int32

    /// Creates the root if it is missing, removes what dead processes left there, and creates this process's own directory.
    init(root: String) throws(SpoolError) {
        // Held while this runs, so that no other process takes the new directory for a dead one before it is locked.
        let lock = try Self.sweep(root: root)
        defer { Glibc.close(lock) }
        path = "\(root)/spool-\(getpid())-\(Self.randomName())"
        guard mkdir(path, 0o700) == 0 else { throw SpoolError(call: "mkdir") }
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpoolError(call: "open") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = SpoolError(call: "flock")
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit {
        Self.remove(path)
        close(descriptor)
    }

    /// Creates an empty file that only this user can read, and opens it for writing. The caller closes the descriptor.
    func createFile() throws(SpoolError) -> (name: String, descriptor: Int32) {
        let name = Self.randomName()
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SpoolError(call: "openat") }
        return (name, file)
    }

    /// Removes a file. It is not an error if it was moved away meanwhile.
    func removeFile(_ name: String) { unlinkat(descriptor, name, 0) }

    /// Removes what dead processes left below `root`.
    static func removeLeftovers(root: String) throws(SpoolError) { Glibc.close(try sweep(root: root)) }

    /// Creates the root if it is missing, and removes what dead processes left there. Returns the lock that it holds, which the caller
    /// closes.
    private static func sweep(root: String) throws(SpoolError) -> Int32 {
        try makeDirectories(root)
        let lock = open("\(root)/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw SpoolError(call: "open") }
        guard flock(lock, LOCK_EX) == 0 else {
            let error = SpoolError(call: "flock")
            Glibc.close(lock)
            throw error
        }
        sweep(root)
        return lock
    }

    private static func makeDirectories(_ path: String) throws(SpoolError) {
        var made = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            made += "/\(component)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw SpoolError(call: "mkdir") }
        }
    }

    private static func sweep(_ root: String) {
        for name in entries(root) where name.hasPrefix("spool-") {
            let path = "\(root)/\(name)"
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(path) }
            Glibc.close(descriptor)
        }
    }

    private static func remove(_ path: String) {
        for name in entries(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // Read in place: the record ends with the name, and the memory may end there, too. A copy of `d_name` would read all of its 256
            // bytes.
            guard let field = UnsafePointer(entry).pointer(to: \.d_name) else { continue }
            let name = String(cString: UnsafeRawPointer(field).assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func randomName() -> String {
        let (high, low) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        return String(high, radix: 36) + String(low, radix: 36)
    }
}
