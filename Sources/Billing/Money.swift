/// Amounts in integers: rates are micro-dollars a minute, sums are cents. Nothing here ever passes through a floating-point number.
package enum Money {
    package static let currency = "USD"

    /// Micro-dollars in a cent, times seconds in a minute: what seconds × rate has to be divided by.
    private static let centUnit: Int128 = 600_000

    /// What so many seconds cost at `rate`, in cents: computed exactly, then rounded once, a half to the even cent. Throws ``MoneyOverflow``.
    /// `LedgerCheckQueries` rounds a second time, in SQL, so that `usage verify` trusts nothing here: change both.
    package static func cents(seconds: Int64, rate: Int64) throws -> Int64 {
        let (whole, rest) = (Int128(seconds) * Int128(rate)).quotientAndRemainder(dividingBy: centUnit)
        let isUp = rest * 2 > centUnit || (rest * 2 == centUnit && !whole.isMultiple(of: 2))
        guard seconds >= 0, rate >= 0, let cents = Int64(exactly: whole + (isUp ? 1 : 0)) else { throw MoneyOverflow() }
        return cents
    }

    /// `-12.30`: a sign where it is negative, always two decimals.
    package static func dollars(cents: Int64) -> String {
        let rest = String(cents.magnitude % 100)
        return (cents < 0 ? "-" : "") + "\(cents.magnitude / 100)." + (rest.count < 2 ? "0" : "") + rest
    }

    /// A rate in dollars a minute: `0.04`, `0.0375`. Two decimals at least, six at most.
    package static func dollars(micros: Int64) -> String {
        var rest = String(micros.magnitude % 1_000_000)
        rest = String(repeating: "0", count: 6 - rest.count) + rest
        while rest.count > 2, rest.hasSuffix("0") { rest.removeLast() }
        return (micros < 0 ? "-" : "") + "\(micros.magnitude / 1_000_000).\(rest)"
    }
}

/// An amount that no statement has room for.
package struct MoneyOverflow: Error, Equatable {}
