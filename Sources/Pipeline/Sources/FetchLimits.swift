import Egress

/// What fetching one source may cost.
package struct FetchLimits: Sendable {
    /// The plan's cap on a file, or what a recording may hold that the month still covers, should that be less.
    package var bytes: Int64
    /// Whether the month is what bounds the bytes.
    package let isBoundByMonth: Bool
    /// The plan's cap on a recording, in whole seconds.
    package var seconds: Int64
    /// What the month still covers, in whole seconds; nil where all of it was accepted.
    package var affordable: Int64?
    /// For one try, however often it goes on within it.
    package var wallClock = Duration.seconds(4 * 3600)
    /// Speech at 32 kbit/s comes as fast as it is heard. What takes a place for longer than it is worth is bounded by the wall clock.
    package var minimumRate = EgressRate(bytesPerSecond: 4 << 10, over: .seconds(30))
    package var connect = Duration.seconds(15)
    /// A connection that brought so many bytes was worth it: when it breaks, the rest is asked for at once, and no try is counted.
    package var progress: Int64 = 1 << 20
    /// Before that.
    package var pause = Duration.seconds(1)

    /// More than cameras write in a second, sound and picture together: 128 Mbit.
    private static let mostBytesASecond: Int64 = 16_000_000
    /// Whatever is left of the month: covers and other things that lie beside the sound.
    private static let leastBytes: Int64 = 100_000_000

    /// - Parameter bytes: the plan's cap.
    package init(bytes: Int64, seconds: Int64, affordable: Int64? = nil) {
        let covered = affordable.map { max(Self.leastBytes, min($0, 1 << 32) * Self.mostBytesASecond) } ?? .max
        self.bytes = min(bytes, covered)
        isBoundByMonth = covered < bytes
        self.seconds = seconds
        self.affordable = affordable
    }

    /// The longest recording that is worth fetching, in whole seconds.
    var longest: Int64 { min(seconds, affordable ?? .max) }
}
