// Waits for what sends no event: the end of another process, the removal of a file.

import Dispatch

package struct NeverHappened: Error, CustomStringConvertible {
    package let what: String
    let looks: Int

    package var description: String { "never happened, in \(looks) looks: \(what)" }
}

/// Waits until `condition` is true: five minutes at most, so that a busy machine has time. Checks often at first, then less and less: most
/// checks ask a node or a database, and other tests need the processor time.
///
/// - Parameter limit: how soon the product promises it, in seconds. Time in which any process waits for a core doesn't count
///   (`MachineClock.spare`).
package func eventually(
    _ what: String, within limit: Double? = nil, _ condition: () async throws -> Bool
) async throws {
    var patience = Patience(promise: limit)
    while try await !condition() {
        guard patience.isLeft() else { throw NeverHappened(what: what, looks: patience.looks) }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + patience.pause) { continuation.resume() }
        }
    }
}

/// How long a test waits. Each check adds one second at most, so that a machine that stood still doesn't end the wait.
private struct Patience {
    /// Seconds in all, with or without a promise.
    private static let whole = 300.0
    /// The most that is counted between two checks, in seconds.
    private static let step = 1.0

    private(set) var looks = 0
    private let promise: Double?
    private var (waited, spare) = (0.0, 0.0)
    private var (lastLook, lastCrowded) = (MachineClock.now(), 0.0)

    init(promise: Double?) {
        self.promise = promise
        if promise != nil { lastCrowded = MachineClock.crowded() }
    }

    /// Seconds until the next check: a quarter of the time waited so far. Promises are checked more often.
    var pause: Double { min(promise == nil ? 0.25 : 0.05, max(0.005, waited / 4)) }

    mutating func isLeft() -> Bool {
        let now = MachineClock.now()
        let passed = min(now - lastLook, Self.step)
        lastLook = now
        waited += passed
        looks += 1
        guard waited < Self.whole, let promise else { return waited < Self.whole }
        let crowded = MachineClock.crowded()
        spare += max(0, passed - (crowded - lastCrowded))
        lastCrowded = crowded
        return spare < promise
    }
}
