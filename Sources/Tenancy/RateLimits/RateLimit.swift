import Cryptography
import Postgres
import Synchronization

/// Allows each caller a number of calls a minute, counted over all nodes.
///
/// The window slides: the database keeps the times of each caller's last calls, so that no period of a minute has more calls than the limit.
/// Only allowed calls count, so a caller that keeps trying gets through as soon as there is room. A node that learns of a reached limit
/// remembers it until there is room again. Until then it rejects the caller without asking the database. If a transaction that counted the last
/// allowed call is rolled back, this node rejects the caller one call early.
package final class RateLimit: Sendable {
    private let name: String
    private let perMinute: Int
    /// When there is room again for the callers that have none, in milliseconds since 1970.
    private let closed: Mutex<BoundedCache<String, Int64>>

    /// - Parameter name: tells this limit from the others, on all nodes.
    package init(_ name: String, perMinute: Int) {
        self.name = name
        self.perMinute = max(1, perMinute)
        closed = Mutex(BoundedCache(capacity: 20_000))
    }

    /// Throws if this node knows that `caller` has no room. Costs no query and counts nothing.
    package func checkMemory(_ caller: String, at now: Timestamp) throws(RateLimited) {
        guard let end = closed.withLock({ $0[caller] }) else { return }
        try Self.refuse(until: end, at: now)
    }

    /// Throws unless `caller` has room for a call. Counts nothing.
    package func check(_ caller: String, at now: Timestamp, in transaction: PostgresTransaction) throws {
        let oldest = try transaction.first(
            """
            SELECT moments[1] FROM rate_limit_calls
            WHERE rate_limit = \(name) AND caller = \(Self.hash(caller)) AND cardinality(moments) >= \(perMinute)
            """, as: Int64.self)
        if let oldest { try close(caller, since: oldest, at: now) }
    }

    /// Counts a call of `caller`. Throws ``RateLimited`` if there is no room, and then counts nothing.
    package func take(_ caller: String, at now: Timestamp, in transaction: PostgresTransaction) throws {
        let moment = now.milliseconds
        // The times of the last calls, at most as many as the limit allows. So the first of them decides.
        let first = try transaction.first(
            """
            INSERT INTO rate_limit_calls AS c (rate_limit, caller, moments)
            VALUES (\(name), \(Self.hash(caller)), ARRAY[\(moment)::bigint])
            ON CONFLICT (rate_limit, caller) DO UPDATE SET moments =
                c.moments[greatest(1, cardinality(c.moments) - \(perMinute) + 2):] || \(moment)::bigint
            WHERE cardinality(c.moments) < \(perMinute)
                OR c.moments[1] NOT BETWEEN \(moment - Self.window + 1) AND \(moment + Self.window)
            RETURNING CASE WHEN cardinality(moments) >= \(perMinute) THEN moments[1] ELSE 0 END
            """, as: Int64.self)
        guard let first else { return try check(caller, at: now, in: transaction) }
        if first > 0 { remember(caller, since: first, at: now) }
    }

    /// Counts a call of `caller` in a transaction of its own, unless this node knows that there is no room.
    ///
    /// - Parameter pool: has one of the service's roles.
    package func take(_ caller: String, at now: Timestamp, on pool: PostgresPool) async throws {
        try checkMemory(caller, at: now)
        try await pool.transaction { try self.take(caller, at: now, in: $0) }
    }

    /// How many rows one step of a sweep deletes, and how many steps a sweep has at most. The next one does the rest.
    private static let (batch, steps) = (1_000, 100)

    /// Deletes what no limit needs any more. Nothing depends on it, and no caller waits for it.
    ///
    /// - Parameter pool: has the role `verbatim_system`.
    package static func sweep(on pool: PostgresPool) async throws {
        for _ in 0..<steps {
            let count = try await pool.execute(
                """
                DELETE FROM rate_limit_calls WHERE (rate_limit, caller) IN (
                    SELECT rate_limit, caller FROM rate_limit_calls
                    WHERE moments[cardinality(moments)] < (extract(epoch FROM now()) * 1000)::bigint - \(2 * window)
                    LIMIT \(batch) FOR UPDATE SKIP LOCKED)
                """)
            if count < batch { break }
        }
    }

    /// A minute, in milliseconds.
    private static let window: Int64 = 60_000

    private static func hash(_ caller: String) -> [UInt8] { SHA256.hash(Array(caller.utf8)) }

    private func close(_ caller: String, since oldest: Int64, at now: Timestamp) throws(RateLimited) {
        remember(caller, since: oldest, at: now)
        try Self.refuse(until: oldest + Self.window, at: now)
    }

    private func remember(_ caller: String, since oldest: Int64, at now: Timestamp) {
        guard oldest + Self.window > now.milliseconds else { return }
        closed.withLock { $0[caller] = oldest + Self.window }
    }

    /// Throws if there is no room before `end`. An end that is too far away is ignored: the clock was set back.
    private static func refuse(until end: Int64, at now: Timestamp) throws(RateLimited) {
        let wait = end - now.milliseconds
        guard wait > 0, wait <= 2 * window else { return }
        throw RateLimited(retryAfterSeconds: max(1, Int((wait + 999) / 1000)))
    }
}

/// The limit is reached.
package struct RateLimited: Error, Equatable {
    /// Whole seconds until the next call is allowed, at least one.
    package let retryAfterSeconds: Int

    package init(retryAfterSeconds: Int) { self.retryAfterSeconds = retryAfterSeconds }
}
