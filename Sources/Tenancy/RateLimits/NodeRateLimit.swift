import Postgres
import Synchronization

/// Allows each key a number of calls a minute, in this process only. It guards what ``RateLimit`` needs: the database.
///
/// The window slides: the times of the last minute's calls are kept, so that no period of a minute has more calls than the limit. Only allowed
/// calls count, so a caller that keeps trying gets through as soon as there is room. At most `capacity` keys are kept; the least recently
/// used ones are dropped.
package final class NodeRateLimit<Key: Hashable & Sendable>: Sendable {
    private let perMinute: Int
    private let recent: Mutex<BoundedCache<Key, [Int64]>>

    package init(perMinute: Int, capacity: Int) {
        self.perMinute = max(1, perMinute)
        recent = Mutex(BoundedCache(capacity: capacity))
    }

    /// Counts a call of `key`. Throws if there is no room, and then counts nothing.
    package func take(_ key: Key, at now: Timestamp) throws(RateLimited) {
        let moments = recent.withLock { recent in
            let moments = Self.last(minuteOf: recent[key] ?? [], at: now)
            if moments.count < perMinute { recent[key] = moments + [now.milliseconds] }
            return moments
        }
        try judge(moments, at: now)
    }

    /// Throws if `key` has no room. Counts nothing.
    package func check(_ key: Key, at now: Timestamp) throws(RateLimited) {
        try judge(recent.withLock { Self.last(minuteOf: $0[key] ?? [], at: now) }, at: now)
    }

    /// Removes the call that was counted at that moment, because it turned out not to count.
    package func giveBack(_ key: Key, takenAt moment: Timestamp) {
        recent.withLock { recent in
            guard var moments = recent[key], let index = moments.lastIndex(of: moment.milliseconds) else { return }
            moments.remove(at: index)
            recent[key] = moments
        }
    }

    private func judge(_ moments: [Int64], at now: Timestamp) throws(RateLimited) {
        guard moments.count >= perMinute else { return }
        let wait = moments[moments.count - perMinute] + 60_000 - now.milliseconds
        throw RateLimited(retryAfterSeconds: max(1, Int((wait + 999) / 1000)))
    }

    /// The times in the minute before `now`, oldest first. Later times are dropped, too: the clock was set back.
    private static func last(minuteOf moments: [Int64], at now: Timestamp) -> [Int64] {
        moments.filter { $0 > now.milliseconds - 60_000 && $0 <= now.milliseconds }
    }
}
