/// How many durations fell into which range, and their sum.
package struct DurationHistogram: Sendable {
    /// Upper bounds in seconds: most calls take milliseconds, an upload may take minutes.
    package static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    /// One more than there are bounds: the last counts what is longer than all bounds.
    private var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    private var sum = 0.0

    package init() {}

    package var count: UInt64 { counts.reduce(0, +) }

    package mutating func add(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }

    /// Writes the buckets, which are cumulative: each counts everything up to its bound.
    package func write(route: String, method: String, to family: inout PrometheusText.Family) {
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? PrometheusText.number(Self.bounds[index]) : "+Inf"
            family.sample(Double(total), suffix: "_bucket", ["method": method, "route": route, "le": bound])
        }
        family.sample(sum, suffix: "_sum", ["method": method, "route": route])
        family.sample(Double(total), suffix: "_count", ["method": method, "route": route])
    }
}
