import Postgres
import Tenancy

/// A transcript as it lies in the database: JSON, decoded outside of the transaction.
package struct StoredTranscript: Sendable {
    package let body: [UInt8]

    /// The transcript of the tenant's job, or nil when there is none.
    package static func find(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            "SELECT body FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)", as: [UInt8].self
        ).map(StoredTranscript.init(body:))
    }
}
