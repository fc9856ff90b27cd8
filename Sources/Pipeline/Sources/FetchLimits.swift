import Billing
import Egress

/// The limits of fetching one source.
package struct FetchLimits: Sendable {
    /// The plan's limit on a file, or the size of a recording that the month can still pay for, if that is less.
    package var bytes: Int64
    /// Whether `bytes` is limited by the month.
    package let isBoundByMonth: Bool
    /// The plan's limit on a recording, in whole seconds.
    package var seconds: Int64
    /// What the month can still pay for.
    package var room: MonthRoom
    /// The time limit of an attempt to fetch a media file's URL, however often the download is resumed within it. For pages it is
    /// ``YtDlp/wallClock``.
    package var wallClock = Duration.seconds(4 * 3600)
    /// The lowest rate of a download: 32 kbit/s, at which speech arrives in real time. `wallClock` limits how long a slow source keeps a slot.
    package var minimumRate = EgressRate(bytesPerSecond: 4 << 10, over: .seconds(30))
    package var connect = Duration.seconds(15)
    /// If a connection breaks after this many bytes, the rest is requested at once, and no attempt is counted.
    package var progress: Int64 = 1 << 20
    /// The pause before that request.
    package var pause = Duration.seconds(1)

    /// 128 Mbit: more than cameras write in a second, sound and picture together.
    private static let mostBytesASecond: Int64 = 16_000_000
    /// Always allowed, even if little is left of the month, because files contain cover pictures and other data besides the sound.
    private static let leastBytes: Int64 = 100_000_000

    /// - Parameter bytes: the plan's limit.
    package init(bytes: Int64, seconds: Int64, room: MonthRoom = .unlimited) {
        let covered = room.seconds.map { max(Self.leastBytes, min($0, 1 << 32) * Self.mostBytesASecond) } ?? .max
        self.bytes = min(bytes, covered)
        isBoundByMonth = covered < bytes
        self.seconds = seconds
        self.room = room
    }

    /// The length of the longest recording that is worth fetching, in whole seconds.
    var longest: Int64 { min(seconds, room.seconds ?? .max) }
}
