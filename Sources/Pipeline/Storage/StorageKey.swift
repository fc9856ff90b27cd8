import Tenancy

/// The name of an object in storage. All objects of a job have the job's prefix, so that one call deletes them.
package struct StorageKey: Sendable, Hashable {
    /// A relative path of letters, digits, `_`, `-` and `.`, separated by `/`.
    package let path: String

    init(path: String) { self.path = path }

    /// The recording that the customer uploaded.
    package static func source(of job: JobID, tenant: TenantID) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "source")
    }

    /// The recording that the claim with this fence has fetched from the customer's URL.
    static func fetched(of job: JobID, tenant: TenantID, fence: Int64) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "source-\(fence)")
    }

    /// The folder for the partial download of a recording.
    static func download(of job: JobID, tenant: TenantID) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "download")
    }

    /// The audio of a chunk. The fence in the name prevents a late writer from overwriting the chunk of a newer claim.
    static func chunk(_ chunk: Int, of job: JobID, tenant: TenantID, fence: Int64) -> StorageKey {
        StorageKey(path: chunksPrefix(of: job, tenant: tenant, fence: fence) + "\(chunk).wav")
    }

    static func chunksPrefix(of job: JobID, tenant: TenantID, fence: Int64) -> String {
        prefix(of: job, tenant: tenant) + "pieces/\(fence)/"
    }

    static func prefix(of job: JobID, tenant: TenantID) -> String {
        "tenants/\(tenant.rawValue)/jobs/\(job.rawValue)/"
    }
}
