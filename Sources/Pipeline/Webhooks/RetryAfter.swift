import Foundation
import Postgres

/// A `Retry-After` field as receivers write it: seconds, or an HTTP date.
package enum RetryAfter {
    /// From when on to try again; nil for what cannot be read.
    package static func time(_ text: String, now: Timestamp) -> Timestamp? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // More digits than fit are a very long time.
            return now + .seconds(min(Int64(text) ?? .max, 1_000_000_000))
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text).map { Timestamp(milliseconds: Int64($0.timeIntervalSince1970) * 1000) }
    }
}
