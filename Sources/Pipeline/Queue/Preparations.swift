/// Which preparations are long, and how many of those a worker has places for, beside its slots.
///
/// A long one keeps a place for minutes: in the slots, two of them would keep everybody else's short jobs waiting.
enum Preparations {
    /// Milliseconds. What claims no more is decoded whole when it comes in, so its length is known and no claim.
    private static let short = MediaToolClient.wholeSeconds * 1000
    /// Samples after which one that was taken for short makes way. More than a recording can be off by that was decoded whole.
    static let shortSamples = MediaToolClient.wholeSeconds * 3 / 2 * Samples.perSecond

    /// - Parameter milliseconds: what the recording is expected to last; nil where nobody knows.
    static func isLong(_ milliseconds: Int64?) -> Bool { milliseconds.map { $0 > short } ?? true }

    /// Places of a worker with so many slots.
    static func places(beside slots: Int) -> Int { max(1, slots / 2) }

    /// How many of those one tenant gets: none that comes later is to wait for all of them.
    static func share(of places: Int) -> Int { max(1, places / 2) }
}

/// A recording that was taken for short is not: its preparation begins anew, in a place for long ones.
struct PreparationIsLong: Error {}
