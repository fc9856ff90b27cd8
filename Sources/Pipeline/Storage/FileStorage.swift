import Concurrency
import Foundation
import Postgres
import Tenancy

/// Storage in a folder (`file:///…`) that all nodes of a deployment share. Objects are files.
///
/// An object exists completely or not at all: it is written beside its place and then moved. The calls block on the disk, so they run on
/// threads of their own.
package struct FileStorage: Storage {
    private let root: String
    private let threads = BlockingCalls.concurrent("storage")

    /// - Parameter root: an absolute path. The folder is created if it is missing.
    package init(root: String) throws {
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.root = root
    }

    private func localPath(_ key: StorageKey) -> String { root + "/" + key.path }

    /// Returns the object itself, without copying it.
    package func localFile(_ key: StorageKey) async throws -> LocalFile { LocalFile(path: localPath(key)) }

    /// A folder below the job's, so that any node can resume a download, and so that it is deleted with the job's audio.
    package func downloadFolder(of job: JobID, tenant: TenantID) -> String {
        localPath(.download(of: job, tenant: tenant))
    }

    package func adopt(fileAt path: String, as key: StorageKey) async throws {
        let target = localPath(key)
        try await blocking {
            try makeFolder(of: target)
            try flush(path)
            if rename(path, target) != 0 {
                guard errno == EXDEV else { throw StorageError(errno: errno) }
                let beside = target + ".partial"
                // After a successful move there is nothing to unlink.
                defer { unlink(beside) }
                try FileManager.default.copyItem(atPath: path, toPath: beside)
                try flush(beside)
                guard rename(beside, target) == 0 else { throw StorageError(errno: errno) }
                try FileManager.default.removeItem(atPath: path)
            }
            try flushFolders(above: target)
        }
    }

    package func read(_ key: StorageKey) async throws -> [UInt8] {
        let path = localPath(key)
        return try await blocking { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
    }

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

    /// Does nothing, because the download is deleted with the job's audio.
    package func endDownload(of job: JobID, tenant: TenantID) async {}

    /// Returns none, because partial downloads are in the shared folder.
    package func jobsOnThisNode() async throws -> [StoredJob] { [] }

    /// Does nothing, because unfinished files are deleted with their job's audio.
    package func removeUnfinished(before time: Timestamp) async throws {}

    /// Deletes the object at `prefix`, or everything below a prefix that ends in `/`. It is no error if there is nothing.
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

    package func remove(job: JobID, of tenant: TenantID) async throws {
        try await removeAll(under: StorageKey.prefix(of: job, tenant: tenant))
    }

    package func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws {
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

    package func copy(_ source: StorageKey, to key: StorageKey) async throws {
        let (from, target) = (localPath(source), localPath(key))
        try await blocking {
            try makeFolder(of: target)
            try FileManager.default.copyItem(atPath: from, toPath: target)
            try flush(target)
            try flushFolders(above: target)
        }
    }

    package func jobs() async throws -> [StoredJob] {
        let tenants = root + "/tenants"
        return try await blocking {
            var found: [StoredJob] = []
            for name in try Self.children(of: tenants) {
                guard let tenant = TenantID(rawValue: name) else { continue }
                for name in try Self.children(of: "\(tenants)/\(tenant)/jobs") {
                    guard let job = JobID(rawValue: name) else { continue }
                    var status = stat()
                    guard stat("\(tenants)/\(tenant)/jobs/\(job)", &status) == 0 else { continue }
                    let changed = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
                    found.append(StoredJob(tenant: tenant, job: job, changed: changed))
                }
            }
            return found
        }
    }

    /// Returns the names in a folder; none if there is no such folder.
    private static func children(of folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch CocoaError.fileReadNoSuchFile {
            return []
        }
    }

    package func remove(_ key: StorageKey) async throws { try await removeAll(under: key.path) }

    package func removeChunks(of claim: ClaimedTask) async throws {
        try await removeAll(under: StorageKey.chunksPrefix(of: claim.job, tenant: claim.tenant, fence: claim.fence))
    }

    package func check() async throws {
        let probe = StorageKey(path: "health/\(UUID().uuidString)")
        try await write([1], as: probe)
        let path = localPath(probe)
        try await blocking { try FileManager.default.removeItem(atPath: path) }
    }

    /// Flushes the folders above `path` to disk. An accepted job survives a power failure, so its audio must, too: the bytes, and the names that
    /// lead to them.
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
        try await threads.run { try Result(catching: body).mapError(StorageError.init(fault:)).get() }
    }
}
