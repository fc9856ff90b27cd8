import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `DELETE /jobs/{id}/transcript`: removes the words at once. The job's record stays.
struct DeleteTranscript: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try GetJob.named(context)
        do {
            let isFound = try await databases.app.transaction(of: tenant) { transaction in
                try GetJob.requireVisible(id, to: context, in: transaction)
                guard let isNew = try JobDeletion.removeTranscript(of: id, tenant: tenant, in: transaction) else {
                    return false
                }
                if isNew {
                    try AuditEntry(by: context.principal, action: "transcript delete", target: id.rawValue)
                        .record(in: transaction)
                }
                return true
            }
            guard isFound else { throw GetJob.none }
        } catch let error as JobDeletion.NotCompleted {
            throw GetTranscript.notReady(error.job)
        }
        return Response(status: .noContent)
    }
}
