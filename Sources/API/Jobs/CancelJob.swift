import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `POST /jobs/{id}/cancel`: cancels an unfinished job. Work on it stops within a second or two, and its reservation is released.
struct CancelJob: Sendable {
    let databases: Databases
    let hint: QueueHint

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try GetJob.named(context)
        let job: Job?
        do {
            job = try await databases.app.transaction(of: tenant) { transaction in
                try GetJob.requireVisible(id, to: context, in: transaction)
                guard let job = try Job.cancel(id, of: tenant, in: transaction) else { return nil }
                try AuditEntry(by: context.principal, action: "job cancel", target: id.rawValue).record(in: transaction)
                return job
            }
        } catch is JobFinished {
            throw APIError(.jobFinished, "The job has ended already; there is nothing to cancel.")
        }
        guard let job else { throw GetJob.none }
        hint.send(.ended)
        var json = JSONWriter(capacity: 1024)
        JobDocument(job: job).write(to: &json)
        return JSONResponse.make(json.bytes, status: .accepted)
    }
}
