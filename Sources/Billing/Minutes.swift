/// Seconds as people read them. Billed are the seconds; this is for showing alone.
package enum Minutes {
    /// `12.35`: minutes with two decimals, rounded to the nearest (a third of a hundredth is never half of one).
    package static func text(seconds: Int64) -> String {
        let (whole, rest) = seconds.magnitude.quotientAndRemainder(dividingBy: 60)
        let hundredths = (rest * 5 + 1) / 3
        let decimals = String(hundredths)
        return (seconds < 0 ? "-" : "") + "\(whole)." + (decimals.count < 2 ? "0" : "") + decimals
    }
}
