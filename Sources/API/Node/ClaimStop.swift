import Pipeline
import ServiceLifecycle

/// Tells the worker and the sender of webhooks of a shutdown at once. Services stop one after the other, the last first: this one is last, so they take
/// nothing new while the API before it still ends its uploads.
struct ClaimStop: Service {
    let worker: Worker
    let sender: WebhookSender

    func run() async throws {
        try? await gracefulShutdown()
        worker.stopClaiming()
        sender.stopClaiming()
    }
}
