/// Which preparations are long, and how many slots of their own a worker has for them.
///
/// A long preparation takes minutes. In the usual slots, a few of them would make everybody else's short jobs wait.
enum Preparations {
    /// The limit in milliseconds. A file that says it is at most this long is decoded completely by the probe, so its length is known.
    private static let short = MediaToolClient.wholeSeconds * 1000
    /// After this many samples, a preparation that was taken for short is put back as a long one. The margin is larger than the error of any
    /// recording that the probe decoded completely.
    static let shortSamples = MediaToolClient.wholeSeconds * 3 / 2 * Samples.perSecond

    /// Returns whether a preparation is long.
    ///
    /// - Parameter milliseconds: the estimated length of the recording; nil if it is unknown.
    static func isLong(_ milliseconds: Int64?) -> Bool { milliseconds.map { $0 > short } ?? true }

    /// Returns how many long preparations a worker with `slots` slots runs at a time.
    static func places(beside slots: Int) -> Int { max(1, slots / 2) }

    /// Returns how many of those one tenant gets, so that later tenants don't wait for all of them.
    static func share(of places: Int) -> Int { max(1, places / 2) }
}

/// A recording that was taken for short is long. Its preparation begins again, as a long one.
struct PreparationIsLong: Error {}
