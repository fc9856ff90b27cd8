/// What a job's seconds grew by after its admission: each growth with its own place in the month's order, and with what the month included
/// then. In order of their places.
struct ReservationIncreases: Sendable, Equatable {
    private(set) var places: [Int64]
    private(set) var seconds: [Int64]
    /// Seconds that the month included.
    private(set) var included: [Int64]

    mutating func add(_ grown: Int64, at place: Int64, included: Int64) {
        places.append(place)
        seconds.append(grown)
        self.included.append(included)
    }

    /// Takes so many seconds away, the latest first, for those are the dearest; what is more than all growths is of the job's first place.
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
