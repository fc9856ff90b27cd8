/// The increases of a job's reservation, by their places in the month's order. Each has a number of seconds and the month's quota at that time.
struct ReservationIncreases: Sendable, Equatable {
    private(set) var places: [Int64]
    private(set) var seconds: [Int64]
    /// The month's quotas, in seconds.
    private(set) var included: [Int64]

    mutating func add(_ grown: Int64, at place: Int64, included: Int64) {
        places.append(place)
        seconds.append(grown)
        self.included.append(included)
    }

    /// Takes seconds away, from the last increase first, because the last seconds are the most expensive. What exceeds all increases is taken from
    /// the seconds of the job's admission, which are not counted here.
    mutating func giveBack(_ surplus: Int64) {
        var left = surplus
        while left > 0, let last = seconds.indices.last {
            let taken = min(left, seconds[last])
            left -= taken
            seconds[last] -= taken
            guard seconds[last] == 0 else { return }
            places.removeLast()
            seconds.removeLast()
            included.removeLast()
        }
    }
}
