// For what announces itself nowhere: another process' end, a file's removal.

import Dispatch

package struct NeverHappened: Error, CustomStringConvertible {
    package let what: String
    let looks: Int

    package var description: String { "never happened, in \(looks) looks: \(what)" }
}

/// Waits until `condition` holds, for as long as a busy machine may need. Looks often at first, then ever more seldom: most looks ask a node
/// or a database, which costs processor time that others lack.
///
/// - Parameter limit: a promise of the product's, in seconds that the machine had to spare (`MachineClock.spare`).
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

/// How long a test waits for something: by its own looks rather than by the clock alone, so that a machine that stood still does not count.
private struct Patience {
    /// For what may take as long as it takes, and for promises on a machine that has no core to spare at all.
    private static let whole = 300.0
    /// The most that counts between two looks, in seconds.
    private static let step = 1.0

    private(set) var looks = 0
    private let promise: Double?
    private var (waited, spare) = (0.0, 0.0)
    private var (lastLook, lastCrowded) = (MachineClock.now(), MachineClock.crowded())

    init(promise: Double?) { self.promise = promise }

    /// Seconds until the next look: a quarter of what was waited so far. A promise is looked after more closely.
    var pause: Double { min(promise == nil ? 0.25 : 0.05, max(0.005, waited / 4)) }

    mutating func isLeft() -> Bool {
        let (now, crowded) = (MachineClock.now(), MachineClock.crowded())
        let passed = min(now - lastLook, Self.step)
        waited += passed
        spare += max(0, passed - (crowded - lastCrowded))
        (lastLook, lastCrowded) = (now, crowded)
        looks += 1
        return waited < Self.whole && (promise.map { spare < $0 } ?? true)
    }
}
