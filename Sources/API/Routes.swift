import Hummingbird
import Tenancy

/// The routes of the API: which handler answers which path, and which paths need an access token.
struct Routes: Sendable {
    let auth: AuthRoutes
    let authentication: AuthenticationMiddleware
    let health: HealthRoutes
    let metrics: GetMetrics
    let documents: DocumentRoutes
    let createJob: CreateJob
    let getJob: GetJob
    let listJobs: ListJobs
    let getTranscript: GetTranscript
    let cancelJob: CancelJob
    let deleteJob: DeleteJob
    let deleteTranscript: DeleteTranscript
    let getUsage: GetUsage
    let getPlans: GetPlans
    let getDeliveries: GetDeliveries
    let postDeliveries: PostDeliveries
    let getWebhook: GetWebhook
    let putWebhook: PutWebhook

    func add(to router: Router<PublicContext>) {
        health.add(to: router)
        router.get("metrics", use: metrics.handle)
        documents.add(to: router)
        auth.add(to: router)

        let jobs = router.group("jobs").add(middleware: authentication).group(context: AuthenticatedContext.self)
        jobs.post(use: createJob.handle)
        jobs.get(use: listJobs.handle)
        jobs.get(":id", use: getJob.handle)
        jobs.delete(":id", use: deleteJob.handle)
        jobs.post(":id/cancel", use: cancelJob.handle)
        jobs.get(":id/transcript", use: getTranscript.handle)
        jobs.delete(":id/transcript", use: deleteTranscript.handle)
        jobs.get(":id/deliveries", use: getDeliveries.handle)
        jobs.post(":id/deliveries", use: postDeliveries.handle)

        let webhook = router.group("webhook").add(middleware: authentication).group(context: AuthenticatedContext.self)
        webhook.get(use: getWebhook.handle)
        webhook.put(use: putWebhook.handle)

        router.group("usage").add(middleware: authentication).group(context: AuthenticatedContext.self)
            .get(use: getUsage.handle)
        router.get("plans", use: getPlans.handle)
    }
}
