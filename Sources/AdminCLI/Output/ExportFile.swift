import Files
import Foundation

/// A file that only its owner may read, and that exists completely or not at all. It is written without a name, so that nothing of it stays
/// if the command is interrupted, and gets its name at the end.
struct ExportFile {
    private let handle: FileHandle
    private var waiting = Data()

    private init(_ handle: FileHandle) { self.handle = handle }

    /// Throws if the path exists and must not be replaced.
    static func check(_ path: String, force: Bool) throws {
        var status = stat()
        guard !force, lstat(path, &status) == 0 else { return }
        throw OperatorError("\(path) exists already; --force replaces it")
    }

    /// Creates the file, and has `body` write it.
    static func write<T>(to path: String, force: Bool, _ body: (inout ExportFile) throws -> T) throws -> T {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = UnnamedFile.open(in: folder)
        guard descriptor >= 0 else { throw fault(path) }
        var file = ExportFile(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
        let result = try body(&file)
        try file.flush()
        guard fsync(descriptor) == 0 else { throw fault(path) }
        // A link fails if something has come there meanwhile. Only a renaming can replace a file.
        let name = force ? "\(path).\(UInt32.random(in: .min ... .max))" : path
        guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else {
            throw fault(path)
        }
        if force, rename(name, path) != 0 {
            let error = fault(path)
            unlink(name)
            throw error
        }
        return result
    }

    mutating func write(_ text: String) throws {
        waiting.append(contentsOf: text.utf8)
        if waiting.count >= 1 << 16 { try flush() }
    }

    private mutating func flush() throws {
        try handle.write(contentsOf: waiting)
        waiting.removeAll(keepingCapacity: true)
    }

    private static func fault(_ path: String) -> OperatorError {
        OperatorError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
