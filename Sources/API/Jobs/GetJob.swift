import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}`. Another tenant's job is not found, exactly as one that never existed.
struct GetJob: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let job = try await Self.find(context, databases)
        var json = JSONWriter(capacity: 1024)
        JobDocument(job: job).write(to: &json)
        var headers: HTTPFields = [:]
        headers[.retryAfter] = RemainingWork.retryAfterSeconds(job, now: .now()).map(String.init)
        return JSONResponse.make(json.bytes, headers: headers)
    }

    /// Returns the customer's job that the path names. Throws 404 if there is none.
    static func find(_ context: AuthenticatedContext, _ databases: Databases) async throws -> Job {
        let (tenant, id) = try named(context)
        guard let job = try await databases.app.transaction(of: tenant, { try Job.find(id, of: tenant, in: $0) }) else {
            throw none
        }
        return job
    }

    /// Returns the caller's account and the job id in the path. Throws 404 if that is not a job id.
    static func named(_ context: AuthenticatedContext) throws -> (TenantID, JobID) {
        guard let id = context.parameters.get("id").flatMap(JobID.init(rawValue:)) else { throw none }
        return (context.principal.tenant, id)
    }

    static let none = APIError.notFound("There is no job with this id.")
}
