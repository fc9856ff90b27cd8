import Billing
import Tenancy

/// A recording that was received, probed and stored, and now asks to become a job.
package struct Submission: Sendable {
    package let id: JobID
    package let tenant: TenantID
    package let options: JobOptions
    package let allowance: Allowance
    package let fileName: String?
    package let bytes: Int64
    /// What the probe made expect; nil where it could not tell.
    package let estimatedMilliseconds: Int64?
    /// What the probe saw.
    package let channels: Int?
    /// Where its source lies in storage.
    package let sourceKey: StorageKey

    package init(
        id: JobID, tenant: TenantID, options: JobOptions, allowance: Allowance, fileName: String?, bytes: Int64,
        estimatedMilliseconds: Int64?, channels: Int?, sourceKey: StorageKey
    ) {
        self.id = id
        self.tenant = tenant
        self.options = options
        self.allowance = allowance
        self.fileName = fileName
        self.bytes = bytes
        self.estimatedMilliseconds = estimatedMilliseconds
        self.channels = channels
        self.sourceKey = sourceKey
    }
}
