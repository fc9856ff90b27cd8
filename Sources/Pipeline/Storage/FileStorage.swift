import Dispatch
import Foundation
import Postgres
import Tenancy

/// Objects as files below one folder (`file:///…`), which every node of a deployment must share.
///
/// An object is there whole or not at all: it is written beside its place and moved. The calls block on the disk, so they run
/// on threads of their own.
package struct FileStorage: Sendable {
    private let root: String
    private let threads = DispatchQueue(label: "storage", attributes: .concurrent)

    /// - Parameter root: an absolute path; the folder is made when it is missing.
    package init(root: String) throws {
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.root = root
    }

    /// Where the object lies on this machine.
    package func localPath(_ key: StorageKey) -> String { root + "/" + key.path }

    /// Takes a file of this machine over as an object; the file is gone from its place afterwards.
    package func adopt(fileAt path: String, as key: StorageKey) async throws {
        let target = localPath(key)
        try await blocking {
            try makeFolder(of: target)
            try flush(path)
            if rename(path, target) != 0 {
                guard errno == EXDEV else { throw StorageError(errno: errno) }
                let beside = target + ".partial"
                // Once it is moved there is none.
                defer { unlink(beside) }
                try FileManager.default.copyItem(atPath: path, toPath: beside)
                try flush(beside)
                guard rename(beside, target) == 0 else { throw StorageError(errno: errno) }
                try FileManager.default.removeItem(atPath: path)
            }
            try flushFolders(above: target)
        }
    }

    /// The whole object: only for those that we made and whose size we know.
    package func read(_ key: StorageKey) async throws -> [UInt8] {
        let path = localPath(key)
        return try await blocking { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
    }

    /// Writes an object, in place of one that is there.
    package func write(_ bytes: [UInt8], as key: StorageKey) async throws {
        let target = localPath(key)
        try await blocking {
            try makeFolder(of: target)
            let beside = target + ".partial"
            try Data(bytes).write(to: URL(fileURLWithPath: beside))
            try flush(beside)
            guard rename(beside, target) == 0 else { throw StorageError(errno: errno) }
            try flushFolders(above: target)
        }
    }

    /// Removes whatever lies at `prefix`: an object, or all below a prefix that ends in `/`. Nothing there is no fault.
    private func removeAll(under prefix: String) async throws {
        let folder = root + "/" + prefix
        try await blocking {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch CocoaError.fileNoSuchFile {
                return
            }
        }
    }

    /// Removes everything of a job.
    package func remove(job: JobID, of tenant: TenantID) async throws {
        try await removeAll(under: StorageKey.prefix(of: job, tenant: tenant))
    }

    /// Removes everything of a job but that object.
    func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws {
        let folder = root + "/" + StorageKey.prefix(of: job, tenant: tenant)
        let keptPath = localPath(kept)
        try await blocking {
            guard access(folder, F_OK) == 0 || errno != ENOENT else { return }
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                let path = folder + name
                var status = stat()
                guard path != keptPath, lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
                guard unlink(path) == 0 || errno == ENOENT else { throw StorageError(errno: errno) }
            }
        }
    }

    /// Has another object hold the same bytes.
    package func copy(_ source: StorageKey, to key: StorageKey) async throws {
        let (from, target) = (localPath(source), localPath(key))
        try await blocking {
            try makeFolder(of: target)
            try FileManager.default.copyItem(atPath: from, toPath: target)
            try flush(target)
            try flushFolders(above: target)
        }
    }

    /// The jobs of which anything lies here, and when anything of theirs last changed.
    func jobs() async throws -> [(tenant: TenantID, job: JobID, changed: Timestamp)] {
        let tenants = root + "/tenants"
        return try await blocking {
            var found: [(tenant: TenantID, job: JobID, changed: Timestamp)] = []
            for name in Self.children(of: tenants) {
                guard let tenant = TenantID(rawValue: name) else { continue }
                for name in Self.children(of: "\(tenants)/\(tenant)/jobs") {
                    guard let job = JobID(rawValue: name) else { continue }
                    var status = stat()
                    guard stat("\(tenants)/\(tenant)/jobs/\(job)", &status) == 0 else { continue }
                    let changed = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
                    found.append((tenant: tenant, job: job, changed: changed))
                }
            }
            return found
        }
    }

    private static func children(of folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Removes one object. One that is not there is no fault.
    func remove(_ key: StorageKey) async throws { try await removeAll(under: key.path) }

    /// Removes the pieces that the holder of this claim has written.
    func removePieces(of claim: ClaimedTask) async throws {
        try await removeAll(under: StorageKey.piecesPrefix(of: claim.job, tenant: claim.tenant, fence: claim.fence))
    }

    /// Whether objects can be written now, tried by writing one.
    package func check() async throws {
        let probe = StorageKey(path: "health/\(UUID().uuidString)")
        try await write([1], as: probe)
        let path = localPath(probe)
        try await blocking { try FileManager.default.removeItem(atPath: path) }
    }

    /// A job that was accepted survives a loss of power, and so must its audio: the bytes, and the names that lead to them.
    private func flushFolders(above path: String) throws {
        var folder = path
        repeat {
            folder = URL(fileURLWithPath: folder).deletingLastPathComponent().path
            try flush(folder)
        } while folder.utf8.count > root.utf8.count
    }

    private func flush(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StorageError(errno: errno) }
    }

    private func makeFolder(of path: String) throws {
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    private func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            threads.async { continuation.resume(with: Result(catching: body).mapError(StorageError.init(fault:))) }
        }
    }
}

/// The file system refused. Holds no path: those hold tenants' ids.
package struct StorageError: Error, CustomStringConvertible {
    package let errno: Int32

    package init(errno: Int32) { self.errno = errno }

    /// What Foundation says of files names their paths; its number is enough.
    init(fault: any Error) {
        if let error = fault as? StorageError {
            self = error
        } else if let cause = (fault as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError {
            self.init(errno: cause.code.rawValue)
        } else {
            self.init(errno: (fault as? CocoaError)?.code == .fileWriteOutOfSpace ? ENOSPC : EIO)
        }
    }

    package var isFull: Bool { errno == ENOSPC || errno == EDQUOT }

    package var description: String { "storage: \(String(cString: strerror(errno)))" }
}
