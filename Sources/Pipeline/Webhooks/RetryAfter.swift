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
        // asctime pads a day of one digit with a second space.
        let text = text.split(separator: " ").joined(separator: " ")
        return forms.lazy.compactMap { date(text, $0, now) }.first
    }

    /// RFC 9110, 5.6.7: today's form, and the two obsolete ones that are to be read all the same (RFC 850's, asctime's).
    private static let forms = [
        "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy",
    ]

    private static func date(_ text: String, _ form: String, _ now: Timestamp) -> Timestamp? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = form
        // A year of two digits is not more than 50 years from now.
        formatter.twoDigitStartDate = Date(
            timeIntervalSince1970: Double(now.milliseconds / 1000) - 50 * 365.25 * 86_400)
        return formatter.date(from: text).map { Timestamp(milliseconds: Int64($0.timeIntervalSince1970) * 1000) }
    }
}
