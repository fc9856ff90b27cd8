import Postgres
import Tenancy

/// Removes every byte of audio that a finished job left, here and at engines that work elsewhere, and says when that was done.
struct CleanStage: Sendable {
    let databases: Databases
    let storage: FileStorage
    let engine: any RecognitionEngine

    func run(_ claim: ClaimedTask) async throws {
        try await storage.remove(job: claim.job, of: claim.tenant)
        let tickets = try await databases.app.transaction(of: claim.tenant) { transaction in
            try transaction.execute(
                """
                UPDATE jobs SET source_deleted_at = now(), source_key = NULL
                WHERE tenant_id = \(claim.tenant) AND id = \(claim.job) AND source_deleted_at IS NULL
                """)
            return try EngineTicket.all(of: claim.job, tenant: claim.tenant, in: transaction)
        }
        for ticket in tickets {
            try await engine.forget(ticket)
            try await databases.app.transaction(of: claim.tenant) { try claim.drop(ticket, in: $0) }
        }
        try await databases.app.transaction(of: claim.tenant) { try claim.finish(in: $0) }
    }
}
