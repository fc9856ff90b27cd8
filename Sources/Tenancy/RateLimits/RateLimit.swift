import Postgres
import Synchronization

/// So many a minute for each key, in this process alone.
///
/// The window slides: the moments of the last minute are kept, so that no minute, wherever it begins, sees more than the limit.
/// Only what was let through counts; whoever goes on knocking is let in again as soon as there is room. No more than `capacity` keys
/// are kept, those not heard of for longest are forgotten.
package final class RateLimit<Key: Hashable & Sendable>: Sendable {
    private let perMinute: Int
    private let recent: Mutex<BoundedCache<Key, [Int64]>>

    package init(perMinute: Int, capacity: Int) {
        self.perMinute = max(1, perMinute)
        recent = Mutex(BoundedCache(capacity: capacity))
    }

    /// How many keys are kept at this moment.
    package var count: Int { recent.withLock { $0.count } }

    /// Whether there is room for `key`; takes nothing.
    package func check(_ key: Key, at now: Timestamp) throws(RateLimited) {
        let moments = recent.withLock { Self.last(minuteOf: $0[key] ?? [], at: now) }
        try judge(moments, at: now)
    }

    /// Takes a place for `key`. When there is none, nothing is counted.
    package func take(_ key: Key, at now: Timestamp) throws(RateLimited) {
        let moments = recent.withLock { recent in
            let moments = Self.last(minuteOf: recent[key] ?? [], at: now)
            if moments.count < perMinute { recent[key] = moments + [now.milliseconds] }
            return moments
        }
        try judge(moments, at: now)
    }

    /// Gives back a place that was taken at that moment: it turned out to cost nothing.
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

    /// The moments of the minute before `now`, oldest first. Those after it are gone too: the clock was set back.
    private static func last(minuteOf moments: [Int64], at now: Timestamp) -> [Int64] {
        moments.filter { $0 > now.milliseconds - 60_000 && $0 <= now.milliseconds }
    }
}

/// There is no room at this moment.
package struct RateLimited: Error, Equatable {
    /// The whole seconds, one at least, after which there is.
    package let retryAfterSeconds: Int

    package init(retryAfterSeconds: Int) { self.retryAfterSeconds = retryAfterSeconds }
}
