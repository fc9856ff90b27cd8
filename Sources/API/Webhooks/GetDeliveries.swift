import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}/deliveries`: the delivery attempts of the job's webhook.
struct GetDeliveries: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let job = try await GetJob.find(context, databases)
        let bytes = try await databases.app.transaction(of: job.tenant) {
            try DeliveriesDocument(of: job, in: $0).bytes
        }
        return JSONResponse.make(bytes)
    }
}
