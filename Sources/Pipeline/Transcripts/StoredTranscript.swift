import Foundation
import Postgres
import Tenancy

/// A transcript as it is stored in the database: JSON, which is decoded outside of the transaction.
package struct StoredTranscript: Sendable {
    package let body: [UInt8]

    /// Returns the transcript of the tenant's job, or nil if there is none.
    package static func find(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            "SELECT body FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)", as: [UInt8].self
        ).map(StoredTranscript.init(body:))
    }

    package func decoded() throws -> Transcript {
        try JSONDecoder().decode(Transcript.self, from: Data(body))
    }

    /// Stores the transcript of a job that has none yet.
    func insert(for job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(tenant), \(job), \(body))")
    }

    /// Deletes the transcript of a job, if it has one.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}
