import Postgres

/// Allows each caller a number of wrong secrets a minute, counted over all nodes.
///
/// A wrong secret counts at this node from the moment it is known to be wrong, before the database has counted it. So guesses that are sent
/// at the same time find out about each other, however long the database takes.
struct GuessLimit: Sendable {
    private let everywhere: RateLimit
    private let here: NodeRateLimit<String>

    /// - Parameter name: tells this limit from the others, on all nodes.
    init(_ name: String, perMinute: Int) {
        everywhere = RateLimit(name, perMinute: perMinute)
        here = NodeRateLimit(perMinute: perMinute, capacity: 20_000)
    }

    /// Throws if this node knows that `caller` has no room. Costs no query and counts nothing.
    func checkMemory(_ caller: String, at now: Timestamp) throws(RateLimited) {
        try here.check(caller, at: now)
        try everywhere.checkMemory(caller, at: now)
    }

    /// Throws unless `caller` has room for another guess. Counts nothing.
    func check(_ caller: String, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try everywhere.check(caller, at: now, in: transaction)
    }

    /// Counts a wrong guess at this node.
    func note(_ caller: String, at now: Timestamp) {
        // Without room it needn't be counted: nobody gets through until there is room again.
        try? here.take(caller, at: now)
    }

    /// Counts a wrong guess for all nodes. Throws ``RateLimited`` if there is no room, and then counts nothing.
    func take(_ caller: String, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try everywhere.take(caller, at: now, in: transaction)
    }
}
