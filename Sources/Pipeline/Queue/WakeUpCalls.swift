import ServiceLifecycle
import Synchronization

/// The calls at which a node looks for something: many at once are one. After `stop()` there are none.
final class WakeUpCalls: Sendable {
    /// For one reader, also beyond a shutdown.
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let stopped = Atomic(false)

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    func call() { continuation.yield() }

    func stop() {
        stopped.store(true, ordering: .releasing)
        continuation.finish()
    }

    /// Does `look` at each call, until shutdown, cancellation or `stop()`.
    func answer(_ look: () async -> Void) async {
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in stream { await look() }
        } onCancelOrGracefulShutdown: {
            self.stop()
        }
    }
}
