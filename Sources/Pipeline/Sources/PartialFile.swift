import Concurrency
import Foundation
import Synchronization

/// What has come of a source so far, in storage, so that the next try goes on where this one broke off.
///
/// A file is only ever appended to, by one claim, and holds the beginning of one version of one address, or all of it; beside it
/// stands which. Each claim writes to files of its own: it takes over what an earlier one left by copying it, so that a late writer
/// harms nobody. What is whole nobody writes to any more: that is moved. A source that begins anew gets a new file behind the same
/// descriptor. On failure nothing of the file stays.
final class PartialFile: Sendable {
    /// What stands beside a file.
    private struct Note: Codable {
        let address: String
        /// Nil where no version is known: then nothing but the whole is of use.
        let version: SourceVersion?
        /// How many bytes the whole has; nil of a beginning.
        let whole: Int64?
    }

    private struct State {
        var generation = 0
        var note: Note?
    }

    /// Where the bytes go; stays the same when the source begins anew.
    let descriptor: Int32
    private let folder: String
    private let fence: Int64
    private let state: Mutex<State>

    /// Takes over what an earlier claim left, if anything.
    ///
    /// Where the disk has no room for a copy beside it, that is given up, and the source begins anew.
    /// - Parameters:
    ///   - folder: the job's own for this; it is made when it is missing.
    ///   - fence: the claim's.
    init(folder: String, fence: Int64) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = Self.path(folder, fence, 0)
        let earlier = Self.newest(in: folder, before: fence)
        // First of all, because the room may be needed.
        Self.removeOlder(in: folder, than: fence, allBut: earlier?.path)
        let taken = try Self.take(earlier, to: path)
        Self.removeOlder(in: folder, than: fence, allBut: nil)
        self.folder = folder
        self.fence = fence
        descriptor = taken.descriptor
        state = Mutex(State(note: taken.note))
    }

    deinit { close(descriptor) }

    var path: String { state.withLock { Self.path(folder, fence, $0.generation) } }

    var bytes: Int64 { Self.size(of: descriptor) }

    /// How much of that address is there to go on with, and of which version.
    func beginning(of url: String) -> (version: SourceVersion, bytes: Int64)? {
        let bytes = bytes
        guard bytes > 0, let note = note(of: url), note.whole == nil else { return nil }
        return note.version.map { ($0, bytes) }
    }

    /// Whether what is here is of use to another claim.
    var canGoOn: Bool { state.withLock { $0.note != nil } }

    func isWhole(of url: String) -> Bool { note(of: url)?.whole == bytes }

    private func note(of url: String) -> Note? {
        let address = SourceVersion.digest(url)
        return state.withLock { $0.note }.flatMap { $0.address == address ? $0 : nil }
    }

    /// Empties the file, for another version of that address. Called where nothing may wait for long: it makes one file and removes one.
    func startOver(_ url: String, _ version: SourceVersion?) throws(StorageError) {
        let note = version.map { Note(address: SourceVersion.digest(url), version: $0, whole: nil) }
        try state.withLock { state throws(StorageError) in
            let (old, new) = (
                Self.path(folder, fence, state.generation), Self.path(folder, fence, state.generation + 1)
            )
            let fresh = open(new, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            guard fresh >= 0 else { throw StorageError(errno: errno) }
            defer { close(fresh) }
            do throws(StorageError) {
                if let note { try Self.write(note, beside: new) }
                guard dup2(fresh, descriptor) >= 0 else { throw StorageError(errno: errno) }
            } catch {
                Self.remove(new)
                throw error
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            Self.remove(old)
            state = State(generation: state.generation + 1, note: note)
        }
    }

    /// All of that address is there. Who takes it over need not ask for it again.
    func finish(_ url: String) async throws {
        // Gigabytes may have to reach the disk: a note must not outlive them.
        try await BlockingCalls("partial-file").run {
            try Result { try self.noteWhole(url) }.mapError(StorageError.init(fault:)).get()
        }
    }

    private func noteWhole(_ url: String) throws {
        guard fsync(descriptor) == 0 else { throw StorageError(errno: errno) }
        let note = Note(address: SourceVersion.digest(url), version: nil, whole: bytes)
        try state.withLock { state in
            try Self.write(note, beside: Self.path(folder, fence, state.generation))
            state.note = note
        }
    }

    /// Keeps the whole file for the next claim, under a second name: the first may go with what this claim does with it from here on.
    /// Where the file system knows no second names, nothing is kept.
    func hold() {
        state.withLock { state in
            guard let note = state.note, note.whole != nil else { return }
            let second = Self.path(folder, fence, state.generation + 1)
            guard link(Self.path(folder, fence, state.generation), second) == 0 else { return }
            do {
                try Self.write(note, beside: second)
            } catch {
                Self.remove(second)
            }
        }
    }

    private static let noteSuffix = ".json"

    private static func path(_ folder: String, _ fence: Int64, _ generation: Int) -> String {
        "\(folder)/\(fence)-\(generation)"
    }

    /// Written before the first byte: a file with a note is what the note says.
    private static func write(_ note: Note, beside path: String) throws(StorageError) {
        do {
            try JSONEncoder().encode(note).write(to: URL(fileURLWithPath: path + noteSuffix), options: .atomic)
        } catch {
            throw StorageError(fault: error)
        }
    }

    private static func remove(_ path: String) {
        unlink(path)
        unlink(path + noteSuffix)
    }

    private static func size(of descriptor: Int32) -> Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }
}

// What an earlier claim left.
extension PartialFile {
    private typealias Earlier = (path: String, note: Note)

    /// The newest file of an earlier claim that is what its note says.
    private static func newest(in folder: String, before fence: Int64) -> Earlier? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let found = names.compactMap { name -> (order: [Int64], name: String)? in
            let numbers = name.split(separator: "-").map { Int64($0) }
            guard numbers.count == 2, let first = numbers[0], let second = numbers[1], first < fence else { return nil }
            return ([first, second], name)
        }
        for (_, name) in found.sorted(by: { $1.order.lexicographicallyPrecedes($0.order) }) {
            let path = folder + "/" + name
            var status = stat()
            if let data = try? Data(contentsOf: URL(fileURLWithPath: path + noteSuffix)),
                let note = try? JSONDecoder().decode(Note.self, from: data), stat(path, &status) == 0,
                note.whole == nil || note.whole == Int64(status.st_size)
            {
                return (path, note)
            }
        }
        return nil
    }

    /// The file at `path`, with what was left in it, and its note.
    private static func take(_ earlier: Earlier?, to path: String) throws -> (descriptor: Int32, note: Note?) {
        // Whoever was late may have taken it away just now.
        if let earlier, earlier.note.whole != nil, rename(earlier.path, path) == 0 {
            rename(earlier.path + noteSuffix, path + noteSuffix)
            let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
            guard descriptor >= 0 else { throw StorageError(errno: errno) }
            return (descriptor, earlier.note)
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        guard let earlier, earlier.note.whole == nil else { return (descriptor, nil) }
        do {
            try copy(earlier.path, to: descriptor)
            try write(earlier.note, beside: path)
            return (descriptor, earlier.note)
        } catch let error as StorageError where error.isFull && ftruncate(descriptor, 0) == 0 {
            unlink(path + noteSuffix)
            return (descriptor, nil)
        } catch {
            close(descriptor)
            remove(path)
            throw error
        }
    }

    private static func copy(_ path: String, to target: Int32) throws {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw StorageError(errno: errno) }
        defer { close(source) }
        // Others need the disk too: it is not filled to find out.
        var room = statvfs()
        guard fstatvfs(target, &room) == 0, UInt64(size(of: source)) < UInt64(room.f_bavail) * UInt64(room.f_frsize)
        else { throw StorageError(errno: ENOSPC) }
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

    /// Removes what earlier claims left, but for that file and its note. What a later one has is its own.
    private static func removeOlder(in folder: String, than fence: Int64, allBut kept: String?) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = folder + "/" + name
            guard let other = Int64(name.prefix { $0 != "-" }), other < fence, path != kept,
                path != kept.map({ $0 + noteSuffix })
            else { continue }
            unlink(path)
        }
    }
}
