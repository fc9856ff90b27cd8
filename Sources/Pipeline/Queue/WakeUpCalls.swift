import ServiceLifecycle
import Synchronization

/// Calls that wake a loop. Several calls before the loop answers count as one. After `stop()` there are none.
final class WakeUpCalls: Sendable {
    /// The calls, for one reader. The stream does not end at a shutdown.
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

    /// Runs `look` at each call, until shutdown, cancellation or `stop()`.
    func answer(_ look: () async -> Void) async {
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in stream { await look() }
        } onCancelOrGracefulShutdown: {
            self.stop()
        }
    }
}
