import Postgres

/// A UTC calendar month, written `2026-11`. A job is billed in the month in which it was submitted.
package struct BillingMonth: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible, PostgresCodable
{
    package let rawValue: String

    /// Reads `YYYY-MM`; nil for anything else. The year 9999 has no months, because the end of the last one could not be written.
    package init?(rawValue: String) {
        guard rawValue.utf8.count == 7, !rawValue.hasPrefix("9999"),
            Timestamp(rfc3339: rawValue + "-01T00:00:00Z") != nil
        else { return nil }
        self.rawValue = rawValue
    }

    /// The month in which `moment` lies.
    package init(of moment: Timestamp) { rawValue = String(moment.rfc3339.prefix(7)) }

    /// The month's first moment.
    package var start: Timestamp {
        guard let start = Timestamp(rfc3339: rawValue + "-01T00:00:00Z") else {
            preconditionFailure("\(rawValue) was a month when it was made")
        }
        return start
    }

    /// The first moment after it.
    package var end: Timestamp { next.start }

    /// The month after this one. The moment 32 days after `start` is always in it: a month has at most 31 days, two in a row at least 59.
    package var next: BillingMonth { BillingMonth(of: start + .seconds(32 * 86_400)) }

    package var description: String { rawValue }

    package static func < (left: BillingMonth, right: BillingMonth) -> Bool { left.rawValue < right.rawValue }
}
