import Foundation
import Postgres
import Tenancy

/// Storage in a bucket of an S3 store (`s3://bucket/prefix`), without a folder that nodes share.
///
/// The store guarantees that an object is visible only when it is complete. If a caller needs a file, it gets a copy in the scratch folder for as
/// long as it holds it. Partial downloads are in the scratch folder, too: they are resumed on the node that began them, and begin again on others.
package struct S3Storage: Storage {
    /// More than any chunk, which is at most 8 minutes at 16 kHz.
    private static let mostReadBytes = 64 << 20

    private let client: S3Client
    private let scratch: ScratchSpace
    private let sizes: S3Sizes

    package init(client: S3Client, scratch: ScratchSpace, sizes: S3Sizes = S3Sizes()) {
        self.client = client
        self.scratch = scratch
        self.sizes = sizes
    }

    private var bucket: S3Bucket { client.bucket }

    /// Which credentials are in use, and until when, without their values.
    package var credentials: String { get async { await client.credentials.description } }

    package func adopt(fileAt path: String, as key: StorageKey) async throws {
        try await client.put(fileAt: path, as: bucket.key(key), sizes)
        guard unlink(path) == 0 || errno == ENOENT else { throw StorageError(errno: errno) }
    }

    package func read(_ key: StorageKey) async throws -> [UInt8] {
        try await client.get(bucket.key(key), limit: Self.mostReadBytes)
    }

    package func write(_ bytes: [UInt8], as key: StorageKey) async throws {
        try await client.put(bytes, as: bucket.key(key))
    }

    package func copy(_ source: StorageKey, to key: StorageKey) async throws {
        try await client.copy(bucket.key(source), to: bucket.key(key), sizes)
    }

    package func localFile(_ key: StorageKey) async throws -> LocalFile {
        let name = bucket.key(key)
        let size = try await client.size(of: name)
        let share = try scratch.take(size)
        let descriptor = try scratch.unnamedFile(of: size)
        let file = LocalFile(copy: descriptor, in: share)
        try await client.get(name, into: descriptor, size: size)
        return file
    }

    package func downloadFolder(of job: JobID, tenant: TenantID) -> String { "\(downloads)/\(tenant).\(job)" }

    package func endDownload(of job: JobID, tenant: TenantID) async {
        try? FileManager.default.removeItem(atPath: downloadFolder(of: job, tenant: tenant))
    }

    package func remove(job: JobID, of tenant: TenantID) async throws {
        await endDownload(of: job, tenant: tenant)
        try await client.deleteAll(bucket.key(path: StorageKey.prefix(of: job, tenant: tenant)))
    }

    package func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws {
        await endDownload(of: job, tenant: tenant)
        try await client.deleteAll(
            bucket.key(path: StorageKey.prefix(of: job, tenant: tenant)), but: bucket.key(kept))
    }

    package func remove(_ key: StorageKey) async throws { try await client.delete(bucket.key(key)) }

    package func removeChunks(of claim: ClaimedTask) async throws {
        try await client.deleteAll(
            bucket.key(path: StorageKey.chunksPrefix(of: claim.job, tenant: claim.tenant, fence: claim.fence)))
    }

    package func check() async throws {
        // All nodes use the same name, so if nodes die in between, at most one object stays.
        try await client.probe(bucket.key(path: "health/probe"))
    }

    package func jobs() async throws -> [StoredJob] {
        var changes: [StoredJob.Name: Timestamp] = [:]
        try await client.list(bucket.key(path: "tenants/")) { objects in
            for object in objects {
                guard let name = bucket.path(of: object.key).flatMap(StoredJob.Name.init(path:)) else { continue }
                changes[name] = max(changes[name] ?? object.changed, object.changed)
            }
        }
        return changes.map { StoredJob(tenant: $0.key.tenant, job: $0.key.job, changed: $0.value) }
    }

    package func jobsOnThisNode() async throws -> [StoredJob] {
        // A job exists before its download, so no grace period is needed.
        downloadNames().map { StoredJob(tenant: $0.tenant, job: $0.job, changed: Timestamp(milliseconds: 0)) }
    }

    package func removeUnfinished(before time: Timestamp) async throws {
        for part in try await client.unfinished(bucket.key(path: "tenants/")) {
            guard let since = Timestamp(rfc3339: part.since), since < time else { continue }
            try await client.abort(part.upload, of: part.key)
        }
    }

    private var downloads: String { scratch.folder + "/downloads" }

    private func downloadNames() -> [StoredJob.Name] {
        ((try? FileManager.default.contentsOfDirectory(atPath: downloads)) ?? []).compactMap { name in
            let parts = name.split(separator: ".")
            guard parts.count == 2, let tenant = TenantID(rawValue: String(parts[0])),
                let job = JobID(rawValue: String(parts[1]))
            else { return nil }
            return StoredJob.Name(tenant: tenant, job: job)
        }
    }
}

extension StoredJob {
    fileprivate struct Name: Hashable {
        let tenant: TenantID
        let job: JobID

        init(tenant: TenantID, job: JobID) {
            self.tenant = tenant
            self.job = job
        }

        /// Parses the path of a key: `tenants/<tenant>/jobs/<job>/…`.
        init?(path: String) {
            let parts = path.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
            guard parts.count == 5, parts[0] == "tenants", parts[2] == "jobs",
                let tenant = TenantID(rawValue: String(parts[1])), let job = JobID(rawValue: String(parts[3]))
            else { return nil }
            self.init(tenant: tenant, job: job)
        }
    }
}
