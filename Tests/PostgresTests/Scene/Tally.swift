import Synchronization

/// Counts, and keeps what it is given in order, from any thread.
final class Tally: Sendable {
    private let values = Mutex<[Int]>([])

    /// How many there are with this one.
    @discardableResult
    func add(_ value: Int = 1) -> Int {
        values.withLock { values in
            values.append(value)
            return values.count
        }
    }

    var count: Int { all.count }
    var all: [Int] { values.withLock { $0 } }
}
