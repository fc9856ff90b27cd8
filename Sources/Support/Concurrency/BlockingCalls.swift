import Dispatch

/// A place for calls that block or compute for long: they run on threads of its own, never on the cooperative pool that
/// heartbeats and requests share.
///
/// A call that has begun runs to its end, whatever becomes of the task that waits for it: a C call cannot be cancelled. How many may
/// wait is the caller's to bound.
package struct BlockingCalls: Sendable {
    private let queue: DispatchQueue

    /// One call at a time, in the order in which they come. Made for a single call, it is a thread for that call.
    ///
    /// - Parameter name: the thread's, for debuggers.
    package init(_ name: String) { queue = DispatchQueue(label: name) }

    private init(concurrent name: String) { queue = DispatchQueue(label: name, attributes: .concurrent) }

    /// As many calls at a time as the system has threads for.
    package static func concurrent(_ name: String) -> BlockingCalls { BlockingCalls(concurrent: name) }

    /// Runs `work` and waits for it without blocking. Throws what `work` throws.
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }

    /// Runs `work`, for which nobody waits, after the calls that came before.
    package func start(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
