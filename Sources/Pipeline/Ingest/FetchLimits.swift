import Egress

/// What fetching one source may cost.
package struct FetchLimits: Sendable {
    /// The plan's cap on a file.
    package var bytes: Int64
    /// The plan's cap on a recording, in whole seconds.
    package var seconds: Int64
    /// For one try, however often it goes on within it.
    package var wallClock = Duration.seconds(4 * 3600)
    /// Speech at 32 kbit/s comes as fast as it is heard. What takes a place for longer than it is worth is bounded by the wall clock.
    package var minimumRate = EgressRate(bytesPerSecond: 4 << 10, over: .seconds(30))
    package var connect = Duration.seconds(15)
    /// A connection that brought so many bytes was worth it: when it breaks, the rest is asked for at once, and no try is counted.
    package var progress: Int64 = 1 << 20
    /// Before that.
    package var pause = Duration.seconds(1)

    package init(bytes: Int64, seconds: Int64) {
        self.bytes = bytes
        self.seconds = seconds
    }
}
