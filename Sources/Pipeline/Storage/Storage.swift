import Postgres
import Tenancy

/// Where recordings and their chunks lie, for all nodes of a deployment: a folder that they share, or an object store.
///
/// An object is there whole or not at all, under a ``StorageKey``. Every call may be repeated; a removal of what is not there is
/// no fault.
/// - Throws: Each call, ``StorageError`` or `CancellationError`.
package protocol Storage: Sendable {
    /// Takes a file of this machine over as an object; the file is gone from its place afterward.
    func adopt(fileAt path: String, as key: StorageKey) async throws

    /// The whole object: only for those that we made and whose size we know.
    func read(_ key: StorageKey) async throws -> [UInt8]

    /// Writes an object, in place of one that is there.
    func write(_ bytes: [UInt8], as key: StorageKey) async throws

    /// Has another object hold the same bytes.
    func copy(_ source: StorageKey, to key: StorageKey) async throws

    /// The object as a file of this machine, for who needs to move about in it.
    func localFile(_ key: StorageKey) async throws -> LocalFile

    /// The folder of this machine for what has come of a recording that is being fetched.
    func downloadFolder(of job: JobID, tenant: TenantID) -> String

    /// What was fetched is stored: what came of it on the way is needed no longer.
    func endDownload(of job: JobID, tenant: TenantID) async

    /// Removes everything of a job.
    func remove(job: JobID, of tenant: TenantID) async throws

    /// Removes everything of a job but that object.
    func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws

    /// Removes one object.
    func remove(_ key: StorageKey) async throws

    /// Removes the chunks that the holder of this claim has written.
    func removeChunks(of claim: ClaimedTask) async throws

    /// The jobs of which anything lies here, and when anything of theirs last changed.
    func jobs() async throws -> [StoredJob]

    /// Removes what transfers that began before `time` left, and that shows as no object.
    func removeUnfinished(before time: Timestamp) async throws

    /// Whether objects can be written now, tried by writing one.
    func check() async throws
}

/// A job of which something lies in storage.
package struct StoredJob: Sendable {
    package let tenant: TenantID
    package let job: JobID
    package let changed: Timestamp
}
