import Tenancy

/// The name of an object in storage. What belongs to a job lies under the job's prefix, so that one call removes it all.
package struct StorageKey: Sendable, Hashable {
    /// Relative, `/`-separated, of letters, digits, `_`, `-` and `.`.
    package let path: String

    init(path: String) { self.path = path }

    /// The recording as the customer sent it.
    package static func source(of job: JobID, tenant: TenantID) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "source")
    }

    /// The recording as it was fetched from the customer's URL by the holder of that fencing token.
    static func fetched(of job: JobID, tenant: TenantID, fence: Int64) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "source-\(fence)")
    }

    /// The folder for what has come of a recording that is being fetched.
    static func download(of job: JobID, tenant: TenantID) -> StorageKey {
        StorageKey(path: prefix(of: job, tenant: tenant) + "download")
    }

    /// One chunk's audio. The fencing token in the name keeps a late writer from overwriting a newer one's chunk.
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
