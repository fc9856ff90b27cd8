import Pipeline

extension PrometheusText.Family {
    /// Writes a histogram's buckets, its sum and its count.
    package mutating func histogram(_ histogram: DurationHistogram, _ labels: PrometheusText.Labels) {
        for (bound, count) in histogram.cumulative {
            sample(Double(count), suffix: "_bucket", labels, bound: bound)
        }
        sample(histogram.sum, suffix: "_sum", labels)
        sample(Double(histogram.count), suffix: "_count", labels)
    }
}
