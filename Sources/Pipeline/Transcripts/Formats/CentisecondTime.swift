/// A time as in formats with hundredths of a second.
struct CentisecondTime: Comparable {
    let centiseconds: Int64

    init(centiseconds: Int64) { self.centiseconds = centiseconds }

    /// Rounds down.
    init(milliseconds: Int64) { centiseconds = milliseconds / 10 }

    static func < (one: Self, other: Self) -> Bool { one.centiseconds < other.centiseconds }

    /// `h:mm:ss.xx`, with any number of hours.
    var withHours: String {
        let seconds = centiseconds / 100
        return "\(seconds / 3_600):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(two(centiseconds % 100))"
    }

    /// `mm:ss.xx`, with any number of minutes.
    var withMinutes: String {
        let seconds = centiseconds / 100
        return "\(two(seconds / 60)):\(two(seconds % 60)).\(two(centiseconds % 100))"
    }

    private func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}

extension Cue {
    /// The cue's times in hundredths of a second. None begins before the one before it has ended, and none is empty.
    ///
    /// - Parameter earliest: When the cue before ends.
    func centiseconds(from earliest: CentisecondTime) -> (start: CentisecondTime, end: CentisecondTime) {
        let start = max(CentisecondTime(milliseconds: self.start), earliest)
        let end = max(CentisecondTime(milliseconds: self.end), CentisecondTime(centiseconds: start.centiseconds + 1))
        return (start, end)
    }
}
