import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `POST /jobs/{id}/deliveries`: sends the job's webhook again now, as the same event.
struct PostDeliveries: Sendable {
    let databases: Databases
    let publicURL: String?

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let job = try await GetJob.find(context, databases)
        guard job.status.isFinished else {
            throw APIError(
                .notReady, "The job is \(job.status.rawValue); there is no webhook to send yet.",
                headers: [.retryAfter: String(RemainingWork.retryAfterSeconds(job, now: .now()) ?? 1)])
        }
        let publicURL = publicURL
        let bytes = try await databases.app.transaction(of: job.tenant) { transaction in
            let now = Timestamp.now()
            if let rest = try DeliveryLog.restUntil(of: job.id, tenant: job.tenant, at: now, in: transaction) {
                throw APIError.rateLimited(
                    "The job's webhook was sent \(DeliveryLog.triesPerHour) times within the last hour. Try again later.",
                    retryAfterSeconds: Int((rest.milliseconds - now.milliseconds + 999) / 1000))
            }
            guard try WebhookEvent.replay(job, publicURL: publicURL, in: transaction) else {
                throw APIError(
                    .notReady, "There is no endpoint: set one with PUT /webhook, then send this again.")
            }
            return try DeliveriesDocument(of: job, in: transaction).bytes
        }
        return JSONResponse.make(bytes, status: .accepted)
    }
}
