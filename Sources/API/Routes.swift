import Hummingbird
import Tenancy

/// The table of the API: what is answered where, and what needs a token.
struct Routes: Sendable {
    let auth: AuthRoutes
    let authentication: AuthenticationMiddleware
    let health: HealthRoutes
    let createJob: CreateJob
    let getJob: GetJob
    let listJobs: ListJobs
    let getTranscript: GetTranscript

    func add(to router: Router<AnyoneContext>) {
        health.add(to: router)
        auth.add(to: router)

        let jobs = router.group("jobs").add(middleware: authentication).group(context: CustomerContext.self)
        jobs.post(use: createJob.handle)
        jobs.get(use: listJobs.handle)
        jobs.get(":id", use: getJob.handle)
        jobs.get(":id/transcript", use: getTranscript.handle)
    }
}
