/// Minutes for people to read. Bills are computed from seconds.
package enum Minutes {
    /// `12.35`: minutes with two decimals, rounded to the nearest. There are no ties, because a second is 5/3 of a hundredth of a minute.
    package static func text(seconds: Int64) -> String {
        let (whole, rest) = seconds.magnitude.quotientAndRemainder(dividingBy: 60)
        let hundredths = (rest * 5 + 1) / 3
        let decimals = String(hundredths)
        return (seconds < 0 ? "-" : "") + "\(whole)." + (decimals.count < 2 ? "0" : "") + decimals
    }
}
