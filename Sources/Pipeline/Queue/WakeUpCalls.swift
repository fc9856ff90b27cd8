import Synchronization

/// The calls at which a worker looks for something: many at once are one. After `stop()` there are none.
final class WakeUpCalls: Sendable {
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
}
