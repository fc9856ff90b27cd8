/// Amounts as integers: rates in micro-dollars a minute, sums in cents. Nothing here uses floating-point numbers.
package enum Money {
    package static let currency = "USD"

    /// Micro-dollars in a cent times seconds in a minute. Seconds × rate divided by this is cents.
    private static let centUnit: Int128 = 600_000

    /// Returns what `seconds` cost at `rate`, in cents. The exact amount is rounded once, half to even.
    ///
    /// `LedgerCheckQueries` does the same in SQL, so that `usage verify` does not depend on this code. Change both together.
    ///
    /// - Throws: ``MoneyOverflow``.
    package static func cents(seconds: Int64, rate: Int64) throws -> Int64 {
        let (whole, rest) = (Int128(seconds) * Int128(rate)).quotientAndRemainder(dividingBy: centUnit)
        let isUp = rest * 2 > centUnit || (rest * 2 == centUnit && !whole.isMultiple(of: 2))
        guard seconds >= 0, rate >= 0, let cents = Int64(exactly: whole + (isUp ? 1 : 0)) else { throw MoneyOverflow() }
        return cents
    }

    /// Returns how many seconds at `rate` cost at most `cents`; nil if they cost nothing, however many there are.
    package static func seconds(within cents: Int64, rate: Int64) -> Int64? {
        guard rate > 0 else { return nil }
        // The most that is still rounded to `cents`: half a cent more, which is rounded down only to an even number.
        let most = Int128(cents) * centUnit + centUnit / 2 - (cents.isMultiple(of: 2) ? 0 : 1)
        return Int64(clamping: most / Int128(rate))
    }

    /// Divides what all `seconds` together cost at `rate` into cents for each of them. The sum is exactly ``cents(seconds:rate:)`` of the sum of
    /// the seconds: each gets its whole cents, and those with the largest remainders get one more; among equals, the first ones.
    ///
    /// - Throws: ``MoneyOverflow``.
    package static func divide(seconds: [Int64], rate: Int64) throws -> [Int64] {
        let total = try cents(seconds: seconds.reduce(0, +), rate: rate)
        let parts = seconds.map { (Int128($0) * Int128(rate)).quotientAndRemainder(dividingBy: centUnit) }
        guard seconds.allSatisfy({ $0 >= 0 }) else { throw MoneyOverflow() }
        var shares = parts.map { Int64($0.quotient) }
        let byRemainder = parts.indices.sorted { (parts[$1].remainder, $0) < (parts[$0].remainder, $1) }
        for index in byRemainder.prefix(Int(total - shares.reduce(0, +))) { shares[index] += 1 }
        return shares
    }

    /// `-12.30`: dollars with two decimals, and a sign if negative.
    package static func dollars(cents: Int64) -> String {
        let rest = String(cents.magnitude % 100)
        return (cents < 0 ? "-" : "") + "\(cents.magnitude / 100)." + (rest.count < 2 ? "0" : "") + rest
    }

    /// A rate in dollars a minute with two to six decimals: `0.04`, `0.0375`.
    package static func dollars(micros: Int64) -> String {
        var rest = String(micros.magnitude % 1_000_000)
        rest = String(repeating: "0", count: 6 - rest.count) + rest
        while rest.count > 2, rest.hasSuffix("0") { rest.removeLast() }
        return (micros < 0 ? "-" : "") + "\(micros.magnitude / 1_000_000).\(rest)"
    }
}

/// The amount does not fit into a statement, or is computed from a negative number.
package struct MoneyOverflow: Error, Equatable {}
