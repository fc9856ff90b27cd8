import Concurrency
import Foundation
import Synchronization

/// A partial download, in a folder that outlives the attempt, so that the next attempt can resume it.
///
/// Only one claim writes to a file, and only appends. The file contains the beginning of one version of one URL, or all of it; a note beside it
/// says which. A new claim copies the file of an earlier one, so that a late writer does no harm. A complete file is moved instead, because nobody
/// writes to it any more. If the download starts over, a new file is put behind the same descriptor. On failure, nothing of a new file stays.
final class PartialFile: Sendable {
    /// The note beside a file.
    private struct Note: Codable {
        let address: String
        /// Nil if the version is unknown. Then only a complete file is of use.
        let version: SourceVersion?
        /// The size of a complete file; nil if the file is only a beginning.
        let whole: Int64?
    }

    private struct State {
        var generation = 0
        var note: Note?
    }

    /// The descriptor to which the bytes are written. It stays the same when the download starts over.
    let descriptor: Int32
    private let folder: String
    private let fence: Int64
    private let state: Mutex<State>

    /// Takes over the file of an earlier claim, if there is one.
    ///
    /// If the disk has no room for a copy, the old file is given up, and the download starts over.
    /// - Parameters:
    ///   - folder: the job's folder for downloads. It is created if it is missing.
    ///   - fence: the claim's fence.
    init(folder: String, fence: Int64) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = Self.path(folder, fence, 0)
        let earlier = Self.newest(in: folder, before: fence)
        // Comes first, because its disk space may be needed.
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

    /// Returns the version and size of the beginning of `url` that is here; nil if there is none to resume.
    func beginning(of url: String) -> (version: SourceVersion, bytes: Int64)? {
        let bytes = bytes
        guard bytes > 0, let note = note(of: url), note.whole == nil else { return nil }
        return note.version.map { ($0, bytes) }
    }

    /// Whether another claim could resume the download.
    var canGoOn: Bool { state.withLock { $0.note != nil } }

    func isWhole(of url: String) -> Bool { note(of: url)?.whole == bytes }

    private func note(of url: String) -> Note? {
        let address = SourceVersion.digest(url)
        return state.withLock { $0.note }.flatMap { $0.address == address ? $0 : nil }
    }

    /// Replaces the file by an empty one, for another version of the URL. Quick enough for the client's thread: it creates one file and deletes
    /// one.
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

    /// Marks the file as complete, so that a later claim need not download it again.
    func finish(_ url: String) async throws {
        // Gigabytes may have to be flushed to disk first, because after a crash the note must not exist without them.
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

    /// Keeps a complete file for the next claim, under a second name, because this claim may move or delete the first one. Does nothing if the file
    /// system has no hard links.
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

    /// Writes the note of a file. This comes before the first byte, so that a file with a note is always what the note says.
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

// The files of earlier claims.
extension PartialFile {
    private typealias Earlier = (path: String, note: Note)

    /// Returns the newest file of an earlier claim that matches its note.
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

    /// Opens the file at `path`, with the content of the earlier file. Returns it and its note.
    private static func take(_ earlier: Earlier?, to path: String) throws -> (descriptor: Int32, note: Note?) {
        // The move may fail, because the earlier claim may have just moved the file away itself.
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
        // Checks the free space first, because others need the disk, too.
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

    /// Deletes the files of earlier claims, except `kept` and its note. Files of later claims stay.
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
