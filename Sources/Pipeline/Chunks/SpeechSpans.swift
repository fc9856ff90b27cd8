/// Where somebody speaks, as `pieces.speech` has it: milliseconds from the start of the audio, start and end in turns.
enum SpeechSpans {
    /// - Parameters:
    ///   - spans: samples from the start of the source.
    ///   - start: of the audio, a sample of the source.
    static func flattened(_ spans: [Range<Int64>], from start: Int64) -> [Int64] {
        spans.flatMap { [Samples.milliseconds($0.lowerBound - start), Samples.milliseconds($0.upperBound - start)] }
    }

    static func spans(_ flattened: [Int64]) -> [Range<Int64>] {
        stride(from: 0, to: flattened.count - 1, by: 2).compactMap { index in
            flattened[index] < flattened[index + 1] ? flattened[index]..<flattened[index + 1] : nil
        }
    }
}
