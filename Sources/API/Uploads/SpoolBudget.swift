import Synchronization

/// The bytes that all uploads under way may take on the local disk together.
final class SpoolBudget: Sendable {
    private let limit: Int64
    private let taken = Mutex<Int64>(0)

    init(bytes: Int64) { limit = bytes }

    /// Takes all of it or, when not enough is left, none and throws `budgetExhausted`.
    func take(_ bytes: Int64) throws(SpoolError) {
        let fits = taken.withLock { taken in
            guard bytes <= limit - taken else { return false }
            taken += bytes
            return true
        }
        guard fits else { throw .budgetExhausted }
    }

    func giveBack(_ bytes: Int64) { taken.withLock { $0 -= bytes } }

    /// Bytes that are taken now.
    var used: Int64 { taken.withLock { $0 } }
}
