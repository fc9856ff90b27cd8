import Postgres

/// The UTC calendar month to whose bill a job belongs: that of its submission. Written `2026-11`.
package struct BillingMonth: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible, PostgresCodable
{
    package let rawValue: String

    /// The month that `rawValue` spells as `YYYY-MM`, or nil. Of the year 9999 there is none: its end could not be written.
    package init?(rawValue: String) {
        guard rawValue.utf8.count == 7, !rawValue.hasPrefix("9999"),
            Timestamp(rfc3339: rawValue + "-01T00:00:00Z") != nil
        else { return nil }
        self.rawValue = rawValue
    }

    /// The month of that moment.
    package init(of moment: Timestamp) { rawValue = String(moment.rfc3339.prefix(7)) }

    /// Its first moment.
    package var start: Timestamp {
        guard let start = Timestamp(rfc3339: rawValue + "-01T00:00:00Z") else {
            preconditionFailure("\(rawValue) was a month when it was made")
        }
        return start
    }

    /// The first moment after it.
    package var end: Timestamp { next.start }

    /// No month has more than 31 days, nor two in a row fewer than 59.
    package var next: BillingMonth { BillingMonth(of: start + .seconds(32 * 86_400)) }

    package var description: String { rawValue }

    package static func < (left: BillingMonth, right: BillingMonth) -> Bool { left.rawValue < right.rawValue }
}
