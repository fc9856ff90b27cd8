import Logging
import Postgres
import Tenancy

/// A storage that logs when it does not answer or is full, and when it is back, however many callers notice it and how often.
package struct MonitoredStorage: Storage {
    private let base: any Storage
    private let away: Outage
    private let full: Outage

    package init(_ base: any Storage, logger: Logger) {
        self.base = base
        away = Outage(of: "the storage", logger: logger)
        full = Outage(
            begun: "the storage is full", lasting: "the storage is still full", over: "the storage has room again",
            logger: logger)
    }

    /// - Parameter writes: whether the call needs room in the storage.
    private func watched<T>(writes: Bool = false, _ body: () async throws -> T) async throws -> T {
        let (awayMark, fullMark) = (away.mark, full.mark)
        do {
            let value = try await body()
            away.works(since: awayMark)
            if writes { full.works(since: fullMark) }
            return value
        } catch let error as StorageError {
            if error.isAway { away.failed(error) }
            if writes, error.isFull { full.failed(error) }
            throw error
        }
    }

    package func adopt(fileAt path: String, as key: StorageKey) async throws {
        try await watched(writes: true) { try await base.adopt(fileAt: path, as: key) }
    }

    package func read(_ key: StorageKey) async throws -> [UInt8] { try await watched { try await base.read(key) } }

    package func write(_ bytes: [UInt8], as key: StorageKey) async throws {
        try await watched(writes: true) { try await base.write(bytes, as: key) }
    }

    package func copy(_ source: StorageKey, to key: StorageKey) async throws {
        try await watched(writes: true) { try await base.copy(source, to: key) }
    }

    package func localFile(_ key: StorageKey) async throws -> LocalFile {
        try await watched { try await base.localFile(key) }
    }

    package func downloadFolder(of job: JobID, tenant: TenantID) -> String {
        base.downloadFolder(of: job, tenant: tenant)
    }

    package func endDownload(of job: JobID, tenant: TenantID) async { await base.endDownload(of: job, tenant: tenant) }

    package func remove(job: JobID, of tenant: TenantID) async throws {
        try await watched { try await base.remove(job: job, of: tenant) }
    }

    package func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws {
        try await watched { try await base.remove(job: job, of: tenant, allBut: kept) }
    }

    package func remove(_ key: StorageKey) async throws { try await watched { try await base.remove(key) } }

    package func removeChunks(of claim: ClaimedTask) async throws {
        try await watched { try await base.removeChunks(of: claim) }
    }

    package func jobs() async throws -> [StoredJob] { try await watched { try await base.jobs() } }

    package func jobsOnThisNode() async throws -> [StoredJob] { try await watched { try await base.jobsOnThisNode() } }

    package func removeUnfinished(before time: Timestamp) async throws {
        try await watched { try await base.removeUnfinished(before: time) }
    }

    package func check() async throws { try await watched(writes: true) { try await base.check() } }
}
