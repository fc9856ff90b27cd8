import Dispatch

/// Runs calls that block or compute for long on threads of its own, never on the cooperative pool that heartbeats and requests share.
///
/// A call that has begun runs to its end, even if the task that waits for it is cancelled, because C calls cannot be cancelled. The caller must
/// limit how many calls may wait.
package struct BlockingCalls: Sendable {
    private let queue: DispatchQueue

    /// Runs one call at a time, in the order of arrival. An instance for a single call is a thread for that call.
    ///
    /// - Parameter name: the thread's name, for debuggers.
    package init(_ name: String) { queue = DispatchQueue(label: name) }

    private init(concurrent name: String) { queue = DispatchQueue(label: name, attributes: .concurrent) }

    /// Returns an instance that runs as many calls at a time as the system has threads for.
    package static func concurrent(_ name: String) -> BlockingCalls { BlockingCalls(concurrent: name) }

    /// Runs `work` and waits for it without blocking the caller's thread. Throws what `work` throws.
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }

    /// Runs `work` after the earlier calls, without waiting for it.
    package func start(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
