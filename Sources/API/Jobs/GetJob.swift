import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}`. Another tenant's job is not found, exactly as one that never existed.
struct GetJob: Sendable {
    /// How long a request may wait for the end of the job, in seconds.
    private static let waits = 0...60

    let databases: Databases
    let watch: JobWatch

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let seconds = try Self.wait(request)
        var job = try await Self.find(context, databases)
        if seconds > 0, !job.status.isFinished {
            await watch.wait(for: job.id, of: job.tenant, atMost: .seconds(seconds))
            // The caller's access may have ended meanwhile.
            do {
                try await databases.system.transaction { try context.principal.requireAccess(to: .readJobs, in: $0) }
            } catch let refusal as AccessRefusal {
                throw APIError(refusal)
            }
            job = try await Self.find(context, databases)
        }
        var json = JSONWriter(capacity: 1024)
        JobDocument(job: job).write(to: &json)
        var headers: HTTPFields = [:]
        headers[.retryAfter] = RemainingWork.retryAfterSeconds(job, now: .now()).map(String.init)
        return JSONResponse.make(json.bytes, headers: headers)
    }

    private static func wait(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["wait"] else { return 0 }
        guard let seconds = Int(wholeNumber: text), waits.contains(seconds) else {
            throw APIError.invalidRequest(
                "'wait' must be a whole number of seconds from \(waits.lowerBound) to \(waits.upperBound).",
                field: "wait")
        }
        return seconds
    }

    /// Returns the customer's job that the path names. Throws 404 if there is none.
    static func find(_ context: AuthenticatedContext, _ databases: Databases) async throws -> Job {
        let (tenant, id) = try named(context)
        let job = try await Job.find(id, of: tenant, on: databases.app)
        guard let job, isVisible(job, to: context) else { throw none }
        return job
    }

    /// Throws 404 if there is no such job, or if a test key's job and a live key meet.
    static func requireVisible(
        _ id: JobID, to context: AuthenticatedContext, in transaction: PostgresTransaction
    ) throws {
        guard let job = try Job.find(id, of: context.principal.tenant, in: transaction), isVisible(job, to: context)
        else { throw none }
    }

    private static func isVisible(_ job: Job, to context: AuthenticatedContext) -> Bool {
        job.isTest == (context.principal.mode == .test)
    }

    /// Returns the caller's account and the job id in the path. Throws 404 if that is not a job id.
    static func named(_ context: AuthenticatedContext) throws -> (TenantID, JobID) {
        guard let id = context.parameters.get("id").flatMap(JobID.init(rawValue:)) else { throw none }
        return (context.principal.tenant, id)
    }

    static let none = APIError.notFound("There is no job with this id.")
}
