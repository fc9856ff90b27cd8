import Egress

/// What fetching one source may cost.
package struct FetchLimits: Sendable {
    /// The plan's cap on a file.
    package var bytes: Int64
    /// The plan's cap on a recording, in whole seconds.
    package var seconds: Int64
    /// For one try.
    package var wallClock = Duration.seconds(4 * 3600)
    package var minimumRate = EgressRate(bytesPerSecond: 16 << 10, over: .seconds(30))
    package var connect = Duration.seconds(15)

    package init(bytes: Int64, seconds: Int64) {
        self.bytes = bytes
        self.seconds = seconds
    }
}
