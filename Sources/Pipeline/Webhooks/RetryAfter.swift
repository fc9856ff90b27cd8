import Foundation
import Postgres

/// A receiver's `Retry-After` header: seconds, or an HTTP date.
package enum RetryAfter {
    /// Returns the time after which to try again; nil if the text is invalid.
    package static func time(_ text: String, now: Timestamp) -> Timestamp? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // A number that does not fit means a very long time.
            return now + .seconds(min(Int64(text) ?? .max, 1_000_000_000))
        }
        // asctime pads a one-digit day with a second space.
        let text = text.split(separator: " ").joined(separator: " ")
        return forms.lazy.compactMap { date(text, $0, now) }.first
    }

    /// RFC 9110, section 5.6.7: today's form, and the two obsolete ones that must still be accepted (RFC 850's, asctime's).
    private static let forms = [
        "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy",
    ]

    private static func date(_ text: String, _ form: String, _ now: Timestamp) -> Timestamp? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = form
        // A two-digit year is at most 50 years in the future.
        formatter.twoDigitStartDate = Date(
            timeIntervalSince1970: Double(now.milliseconds / 1000) - 50 * 365.25 * 86_400)
        return formatter.date(from: text).map { Timestamp(milliseconds: Int64($0.timeIntervalSince1970) * 1000) }
    }
}
