/// Mixes any number of channels to mono, or to left and right, without losing the speech of any channel.
///
/// It works on one second at a time. A channel whose polarity is inverted would cancel the others, so it is inverted back before they are
/// added. A dead channel, or one with only noise while another has a voice, is left out. If the source has two channels and the output
/// is stereo, left and right stay separate; an inverted one is inverted back there too, so that adding them later loses nothing.
final class Mixer {
    typealias Sink = ([Float]) throws -> Void

    /// Number of samples during which a channel was inverted relative to another.
    private(set) var turnedSamples: Int64 = 0

    private let outputs: Int
    private let sink: Sink
    private var channels = 0
    /// The current block: all samples of the first channel, then all of the next.
    private var block: [Float] = []
    private var filled = 0
    private var profile = ChannelProfile(channels: 0)
    /// One factor per channel at the end of the last block.
    private var weights: [Float] = []

    private static let blockLength = Int(Resampler.rate)
    /// Samples are clipped to this, far above full scale, so that no square is infinite.
    private static let largest: Float = 1_000
    /// Samples over which new weights are faded in: 20 ms.
    private static let fade = 320

    /// - Parameters:
    ///   - outputs: Number of output channels, 1 or 2.
    ///   - sink: Receives interleaved samples.
    init(outputs: Int, sink: @escaping Sink) {
        self.outputs = outputs
        self.sink = sink
    }

    func append(_ sound: PlanarSound) throws {
        if sound.channels != channels {
            try flush()
            channels = sound.channels
            block = [Float](repeating: 0, count: channels * Self.blockLength)
            profile = ChannelProfile(channels: channels)
            weights = []
        }
        var done = 0
        while done < sound.count {
            let count = min(sound.count - done, Self.blockLength - filled)
            for channel in 0..<channels {
                let (start, samples) = (channel * Self.blockLength + filled, sound[channel])
                for index in 0..<count { block[start + index] = Self.bounded(samples[done + index]) }
            }
            filled += count
            done += count
            if filled == Self.blockLength { try flush() }
        }
    }

    /// Returns the sample, clipped to `largest`. NaN becomes silence.
    private static func bounded(_ sample: Float) -> Float {
        guard sample == sample else { return 0 }
        return max(-largest, min(largest, sample))
    }

    /// Mixes what there is of the current block.
    func flush() throws {
        guard filled > 0 else { return }
        let count = filled
        filled = 0
        try block.withUnsafeBufferPointer { samples in
            guard let base = samples.baseAddress else { return }
            let sound = PlanarSound(base, channels: channels, count: count, stride: Self.blockLength)
            try sink(mixed(sound))
        }
    }

    private func repeated(_ samples: UnsafeBufferPointer<Float>) -> [Float] {
        guard outputs > 1 else { return Array(samples) }
        var repeated = [Float](repeating: 0, count: samples.count * outputs)
        for index in repeated.indices { repeated[index] = samples[index / outputs] }
        return repeated
    }

    private func mixed(_ sound: PlanarSound) -> [Float] {
        guard channels > 1 else { return repeated(sound[0]) }
        profile.learn(from: sound)
        if profile.isTurned { turnedSamples += Int64(sound.count) }
        let isApart = channels == 2 && outputs == 2
        let next = isApart ? profile.signs : profile.weights
        let last = weights.isEmpty ? next : weights
        weights = next
        var mixed = [Float](repeating: 0, count: sound.count * outputs)
        for channel in 0..<channels {
            let samples = sound[channel]
            for output in 0..<outputs where !isApart || output == channel {
                for index in samples.indices {
                    mixed[index * outputs + output] += samples[index] * next[channel]
                }
                guard last[channel] != next[channel] else { continue }
                let fade = min(Self.fade, samples.count)
                for index in 0..<fade {
                    let rest = (last[channel] - next[channel]) * (1 - Float(index) / Float(fade))
                    mixed[index * outputs + output] += samples[index] * rest
                }
            }
        }
        return mixed
    }
}
