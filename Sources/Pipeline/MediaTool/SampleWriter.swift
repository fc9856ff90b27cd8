import Glibc

/// Writes samples to a descriptor in large blocks, counts them, and stops at the limit.
///
/// Throws `OutputClosed` if the reader is gone.
final class SampleWriter {
    /// Samples per channel, written or buffered.
    private(set) var samples: Int64 = 0
    /// Whether there were more samples than the limit allows.
    private(set) var limitReached = false

    private let channels: Int
    private let limit: Int64
    private let output: Int32
    private var block: [Int16] = []

    /// As many samples as fit into a pipe of 64 KiB.
    private static let blockSamples = 32_768

    /// - Parameters:
    ///   - limit: Samples per channel.
    ///   - output: The descriptor. The caller closes it.
    init(channels: Int, limit: Int64, output: Int32) {
        self.output = output
        self.channels = channels
        self.limit = limit
        block.reserveCapacity(2 * Self.blockSamples)
    }

    /// Appends interleaved samples.
    func append(_ interleaved: UnsafeBufferPointer<Int16>) throws {
        let frames = admit(Int64(interleaved.count / channels))
        block.append(contentsOf: interleaved[..<(Int(frames) * channels)])
        try flush(ifAtLeast: Self.blockSamples)
    }

    /// Appends `count` samples of silence to each channel.
    func appendSilence(_ count: Int64) throws {
        var left = admit(count) * Int64(channels)
        while left > 0 {
            let step = min(left, Int64(Self.blockSamples))
            block.append(contentsOf: repeatElement(0, count: Int(step)))
            left -= step
            try flush(ifAtLeast: Self.blockSamples)
        }
    }

    func finish() throws {
        try flush(ifAtLeast: 1)
    }

    private func admit(_ count: Int64) -> Int64 {
        let admitted = min(count, limit - samples)
        if admitted < count { limitReached = true }
        samples += admitted
        return admitted
    }

    private func flush(ifAtLeast count: Int) throws {
        guard block.count >= count else { return }
        let written = block.withUnsafeBytes { StandardStreams.writeAll($0, to: output) }
        guard written else { throw OutputClosed() }
        block.removeAll(keepingCapacity: true)
    }
}

/// The reader of the output is gone.
struct OutputClosed: Error {}
