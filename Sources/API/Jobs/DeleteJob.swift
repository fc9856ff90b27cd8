import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `DELETE /jobs/{id}`: deletes everything of a finished job except what billing needs.
struct DeleteJob: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try GetJob.named(context)
        do {
            let isFound = try await databases.app.transaction(of: tenant) { transaction in
                try GetJob.requireVisible(id, to: context, in: transaction)
                guard try JobDeletion.remove(id, of: tenant, in: transaction) else { return false }
                try AuditEntry(by: context.principal, action: "job delete", target: id.rawValue).record(in: transaction)
                return true
            }
            guard isFound else { throw GetJob.none }
        } catch is JobDeletion.JobActive {
            throw APIError(.jobActive, "The job has not ended yet. Cancel it first with POST /jobs/{id}/cancel.")
        }
        return Response(status: .noContent)
    }
}
