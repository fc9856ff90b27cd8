import Postgres
import Tenancy

/// Stores recordings and chunks for all nodes of a deployment, in a shared folder or an object store.
///
/// An object exists completely or not at all, under a ``StorageKey``. Every call may be repeated, and deleting something that does not exist is
/// no error.
/// - Throws: Each call throws ``StorageError`` or `CancellationError`.
package protocol Storage: Sendable {
    /// Moves a local file into the storage as an object.
    func adopt(fileAt path: String, as key: StorageKey) async throws

    /// Returns the whole object. Only for objects that we made and whose size we know.
    func read(_ key: StorageKey) async throws -> [UInt8]

    /// Writes an object, and replaces an existing one.
    func write(_ bytes: [UInt8], as key: StorageKey) async throws

    /// Copies an object.
    func copy(_ source: StorageKey, to key: StorageKey) async throws

    /// Returns the object as a local file, for random access.
    func localFile(_ key: StorageKey) async throws -> LocalFile

    /// Returns the local folder for the partial download of a job's recording.
    func downloadFolder(of job: JobID, tenant: TenantID) -> String

    /// Deletes the partial download, because the recording is stored.
    func endDownload(of job: JobID, tenant: TenantID) async

    /// Deletes all objects of a job.
    func remove(job: JobID, of tenant: TenantID) async throws

    /// Deletes all objects of a job except `kept`.
    func remove(job: JobID, of tenant: TenantID, allBut kept: StorageKey) async throws

    /// Deletes one object.
    func remove(_ key: StorageKey) async throws

    /// Deletes the chunks that were written with this claim.
    func removeChunks(of claim: ClaimedTask) async throws

    /// Returns all jobs that have objects, each with the time of the last change. Takes long: it lists everything.
    func jobs() async throws -> [StoredJob]

    /// Returns the jobs with a partial download on this node that no other node can see.
    func jobsOnThisNode() async throws -> [StoredJob]

    /// Deletes the remains of unfinished transfers that began before `time`. They are not visible as objects.
    func removeUnfinished(before time: Timestamp) async throws

    /// Throws if objects cannot be written now. Tries it by writing one.
    func check() async throws
}

/// A job that has objects in storage.
package struct StoredJob: Sendable {
    package let tenant: TenantID
    package let job: JobID
    package let changed: Timestamp
}
