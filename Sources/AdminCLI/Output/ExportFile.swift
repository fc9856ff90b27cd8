import Foundation

/// A file that only its owner may read, and that is there whole or not at all: it is written beside its place and moved.
struct ExportFile {
    private let handle: FileHandle
    private var waiting = Data()

    private init(_ handle: FileHandle) { self.handle = handle }

    /// Throws when there is something in the file's place that is not to be replaced.
    static func check(_ path: String, force: Bool) throws {
        var status = stat()
        guard !force, lstat(path, &status) == 0 else { return }
        throw OperatorError("\(path) is there already; with --force it is replaced")
    }

    /// Has `body` write the file.
    static func write<T>(to path: String, force: Bool, _ body: (inout ExportFile) throws -> T) throws -> T {
        var beside = Array("\(path).XXXXXX".utf8CString)
        // Made with rights for its owner alone.
        let descriptor = mkstemp(&beside)
        guard descriptor >= 0 else { throw fault(path) }
        do {
            var file = ExportFile(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
            let result = try body(&file)
            try file.flush()
            guard fsync(descriptor) == 0 else { throw fault(path) }
            if force {
                guard rename(beside, path) == 0 else { throw fault(path) }
            } else {
                // Unlike a renaming this refuses to replace what came there meanwhile.
                guard link(beside, path) == 0 else { throw fault(path) }
                unlink(beside)
            }
            return result
        } catch {
            unlink(beside)
            throw error
        }
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
