import Postgres
import Tenancy

/// Removes every byte of audio that a finished job left, and says when that was done.
struct CleanStage: Sendable {
    let databases: Databases
    let storage: FileStorage

    func run(_ claim: ClaimedTask) async throws {
        try await storage.remove(job: claim.job, of: claim.tenant)
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            try transaction.execute(
                """
                UPDATE jobs SET source_deleted_at = now(), source_key = NULL
                WHERE tenant_id = \(claim.tenant) AND id = \(claim.job) AND source_deleted_at IS NULL
                """)
        }
    }
}
