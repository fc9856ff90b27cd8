import Crypto
import Foundation
import Synchronization

/// What has come of a source so far, in storage, so that the next try goes on where this one broke off.
///
/// A file is only ever appended to, by one claim, and holds the beginning of one version of one address; beside it stands which. Each
/// claim writes to files of its own: it takes over what an earlier one left by copying it, so that a late writer harms nobody. A
/// source that begins anew gets a new file behind the same descriptor.
final class PartialFile: Sendable {
    /// Which version of which address.
    struct Origin: Codable, Sendable, Equatable {
        /// SHA-256: the address itself may be a secret.
        let address: String
        /// A strong entity tag, or the date of the last change, as the server wrote it; what `If-Range` takes.
        let validator: String

        /// Nil when the server told nothing by which a version is known.
        init?(url: String, entityTag: String?, lastModified: String?) {
            guard let validator = entityTag.flatMap({ $0.hasPrefix("\"") ? $0 : nil }) ?? lastModified,
                !validator.isEmpty,
                validator.utf8.count < 1024
            else { return nil }
            self.validator = validator
            address = Self.digest(url)
        }

        static func digest(_ url: String) -> String {
            SHA256.hash(data: Data(url.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    /// Where the bytes go; stays the same when the source begins anew.
    let descriptor: Int32
    private let folder: String
    private let fence: Int64
    private let state: Mutex<(generation: Int, origin: Origin?)>

    /// Takes over what an earlier claim left, if anything.
    ///
    /// - Parameters:
    ///   - folder: the job's own for this; it is made when it is missing.
    ///   - fence: the claim's.
    init(folder: String, fence: Int64) throws {
        self.folder = folder
        self.fence = fence
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = Self.path(folder, fence, 0)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        var origin: Origin?
        if let earlier = Self.newest(in: folder, before: fence) {
            origin = earlier.origin
            try Self.copy(earlier.path, to: descriptor)
        }
        state = Mutex((0, origin))
        try origin.map { try Self.write($0, beside: path) }
        Self.removeOthers(in: folder, than: path)
    }

    deinit { close(descriptor) }

    var path: String { state.withLock { Self.path(folder, fence, $0.generation) } }

    /// How many bytes are there, and of what.
    var beginning: (origin: Origin, bytes: Int64)? {
        let bytes = bytes
        return state.withLock { $0.origin }.flatMap { bytes > 0 ? ($0, bytes) : nil }
    }

    var bytes: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Empties the file, for another version. Called where nothing may wait for long: it makes one file and removes one.
    func startOver(_ origin: Origin?) throws(StorageError) {
        try state.withLock { state throws(StorageError) in
            let (old, new) = (
                Self.path(folder, fence, state.generation), Self.path(folder, fence, state.generation + 1)
            )
            let fresh = open(new, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            guard fresh >= 0 else { throw StorageError(errno: errno) }
            defer { close(fresh) }
            do {
                try origin.map { try Self.write($0, beside: new) }
            } catch {
                throw StorageError(fault: error)
            }
            guard dup2(fresh, descriptor) >= 0 else { throw StorageError(errno: errno) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            unlink(old)
            unlink(old + Self.note)
            state = (state.generation + 1, origin)
        }
    }

    private static let note = ".json"

    private static func path(_ folder: String, _ fence: Int64, _ generation: Int) -> String {
        "\(folder)/\(fence)-\(generation)"
    }

    /// Written before the first byte: a file with a note is what the note says.
    private static func write(_ origin: Origin, beside path: String) throws {
        try JSONEncoder().encode(origin).write(to: URL(fileURLWithPath: path + note), options: .atomic)
    }

    private static func newest(in folder: String, before fence: Int64) -> (path: String, origin: Origin)? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let found = names.compactMap { name -> (order: [Int64], name: String)? in
            let numbers = name.split(separator: "-").map { Int64($0) }
            guard numbers.count == 2, let first = numbers[0], let second = numbers[1], first < fence else { return nil }
            return ([first, second], name)
        }
        for (_, name) in found.sorted(by: { $1.order.lexicographicallyPrecedes($0.order) }) {
            let path = folder + "/" + name
            if let data = try? Data(contentsOf: URL(fileURLWithPath: path + note)),
                let origin = try? JSONDecoder().decode(Origin.self, from: data)
            {
                return (path, origin)
            }
        }
        return nil
    }

    private static func copy(_ path: String, to target: Int32) throws {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { return }
        defer { close(source) }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &block, block.count)
            if count == 0 { return }
            guard count > 0 else { throw StorageError(errno: errno) }
            var written = 0
            while written < count {
                let more = block.withUnsafeBytes {
                    Foundation.write(target, $0.baseAddress?.advanced(by: written), count - written)
                }
                guard more > 0 else { throw StorageError(errno: errno) }
                written += more
            }
        }
    }

    private static func removeOthers(in folder: String, than path: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let other = folder + "/" + name
            if other != path, other != path + note { unlink(other) }
        }
    }
}
