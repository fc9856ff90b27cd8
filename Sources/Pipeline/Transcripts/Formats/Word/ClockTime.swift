/// A time for people, as `h:mm:ss`: seconds rounded down, any number of hours.
struct ClockTime {
    /// 0 or more.
    let milliseconds: Int64

    var text: String {
        let seconds = milliseconds / 1_000
        return "\(seconds / 3_600):\(Self.padded(seconds / 60 % 60)):\(Self.padded(seconds % 60))"
    }

    private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}
