import Postgres

/// A receiver's `Retry-After` header: seconds, or an HTTP date.
///
/// Dates are read here, not by Foundation: its `DateFormatter` ends the process at some characters beyond ASCII.
package enum RetryAfter {
    /// Returns the time after which to try again; nil if the text is invalid.
    package static func time(_ text: String, now: Timestamp) -> Timestamp? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            // A number that does not fit means a very long time.
            return now + .seconds(min(Int64(text) ?? .max, 1_000_000_000))
        }
        // asctime pads a one-digit day with a second space.
        let words = text.split(separator: " ")
        guard let name = words.first, weekdays.contains(where: { name.hasPrefix($0) }) else { return nil }
        return date(Array(words.dropFirst()), now)
    }

    /// RFC 9110, section 5.6.7, after the day of the week: today's form, and the two obsolete ones that must still be accepted (RFC 850's, asctime's).
    private static func date(_ words: [Substring], _ now: Timestamp) -> Timestamp? {
        switch words.count {
        // 06 Nov 1994 08:49:37 GMT
        case 5 where words[4] == "GMT": return time(words[2], words[1], words[0], words[3])
        // 06-Nov-94 08:49:37 GMT
        case 3 where words[2] == "GMT":
            let parts = words[0].split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, let year = fullYear(parts[2], now) else { return nil }
            return time(year, parts[1], parts[0], words[1])
        // Nov 6 08:49:37 1994
        case 4: return time(words[3], words[0], words[1], words[2])
        default: return nil
        }
    }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func time(
        _ year: some StringProtocol, _ month: Substring, _ day: Substring, _ clock: Substring
    ) -> Timestamp? {
        guard let number = months.firstIndex(where: { $0 == month }).map({ $0 + 1 }), (1...2).contains(day.utf8.count)
        else {
            return nil
        }
        return Timestamp(
            rfc3339: "\(year)-\(number < 10 ? "0" : "")\(number)-\(day.utf8.count == 1 ? "0" : "")\(day)T\(clock)Z")
    }

    /// A two-digit year is at most 50 years in the future.
    private static func fullYear(_ text: Substring, _ now: Timestamp) -> String? {
        guard text.utf8.count == 2, text.utf8.allSatisfy({ (48...57).contains($0) }), let short = Int(text),
            let present = Int(now.rfc3339.prefix(4))
        else { return nil }
        let latest = present + 50
        return String(latest - (latest - short) % 100)
    }
}
