/// How many durations fell into which range, and their sum.
package struct DurationHistogram: Sendable {
    /// Of HTTP calls, in seconds: most take milliseconds, an upload may take minutes.
    package static let calls: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
    /// Of work, in seconds: a step of a job, or the time until a webhook has arrived.
    package static let work: [Double] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 86_400]

    /// Upper bounds in seconds, ascending.
    private let bounds: [Double]
    /// One more than there are bounds: the last counts what is longer than all bounds.
    private var counts: [UInt64]
    package private(set) var sum = 0.0

    package init(bounds: [Double] = Self.calls) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    package var count: UInt64 { counts.reduce(0, +) }

    package mutating func add(_ duration: Duration) {
        let seconds = max(0, duration / .seconds(1))
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
    }

    /// How many are at most as long as each bound; the last bound is infinite.
    package var cumulative: [(bound: Double, count: UInt64)] {
        var total: UInt64 = 0
        return zip(bounds + [.infinity], counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }
}
