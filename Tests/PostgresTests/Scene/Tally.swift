import Synchronization

/// Keeps numbers in the order in which any thread adds them.
final class Tally: Sendable {
    private let values = Mutex<[Int]>([])

    /// Adds a number. Returns how many there are now.
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
