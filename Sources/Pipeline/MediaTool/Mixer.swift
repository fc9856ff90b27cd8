/// One signal, or left and right, out of however many channels a source has, so that no channel's speech is lost in it.
///
/// Works a second at a time: a channel that is reversed against the others is turned round before they are added, since they would cancel
/// each other; one that is dead, or that only makes noise beside a voice, is left out of the mix. Left and right stay apart where
/// the source has two channels; one of them is turned round there too, so that whoever adds them later loses nothing.
final class Mixer {
    typealias Sink = ([Float]) throws -> Void

    /// Samples in which a channel was turned round against another.
    private(set) var turnedSamples: Int64 = 0

    private let outputs: Int
    private let sink: Sink
    private var channels = 0
    /// Each channel's samples of the current block in a row.
    private var block: [Float] = []
    private var filled = 0
    private var profile = ChannelProfile(channels: 0)
    /// What each channel gave to the mix at the end of the last block.
    private var weights: [Float] = []

    private static let blockLength = Int(Resampler.rate)
    /// Far above full scale: so that no square is infinite.
    private static let largest: Float = 1_000
    /// Samples in which new weights take over from old ones.
    private static let fade = 320

    /// - Parameters:
    ///   - outputs: 1 or 2.
    ///   - sink: Gets interleaved samples.
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

    /// Floating point may hold anything; what is no number is silence.
    private static func bounded(_ sample: Float) -> Float {
        guard sample == sample else { return 0 }
        return max(-largest, min(largest, sample))
    }

    /// Gives what there is of the current block.
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
