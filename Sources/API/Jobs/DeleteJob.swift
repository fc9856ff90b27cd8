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
            guard
                try await databases.app.transaction(of: tenant, { try JobDeletion.remove(id, of: tenant, in: $0) })
            else { throw GetJob.none }
        } catch is JobDeletion.JobActive {
            throw APIError(.jobActive, "The job has not ended yet. Cancel it first with POST /jobs/{id}/cancel.")
        }
        return Response(status: .noContent)
    }
}
