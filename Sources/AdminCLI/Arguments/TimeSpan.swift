import ArgumentParser

/// A length of time as operators write it: a whole number and its unit, `90s`, `30m`, `24h`, `90d`.
package struct TimeSpan: Sendable, Hashable, ExpressibleByArgument {
    package let duration: Duration
    /// As it was written.
    package let text: String

    private static let unitSeconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    /// The maximum, in seconds: a hundred years, so that now plus a span is a year of four digits.
    private static let longest: Int64 = 36_500 * 86_400

    /// Nil for anything else, and for more than a hundred years.
    package init?(argument: String) {
        guard let unit = argument.last.flatMap({ Self.unitSeconds[$0] }) else { return nil }
        let digits = argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int64(digits), count <= Self.longest / unit
        else { return nil }
        duration = .seconds(count * unit)
        text = argument
    }

    package init(hours: Int64) {
        duration = .seconds(hours * 3600)
        text = "\(hours)h"
    }

    package var defaultValueDescription: String { text }
}
