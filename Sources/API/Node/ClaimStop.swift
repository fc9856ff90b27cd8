import Pipeline
import ServiceLifecycle

/// Tells the worker of a shutdown at once. Services stop one after the other, the last first: this one is last, so the worker takes
/// no new tasks while the API before it still ends its uploads.
struct ClaimStop: Service {
    let worker: Worker

    func run() async throws {
        try? await gracefulShutdown()
        worker.stopClaiming()
    }
}
