/// Converts the mix to 16-bit samples, and amplifies a quiet source enough to be heard in them.
///
/// It buffers the sound until it knows the source's level: after three clear seconds, or after half a minute of a quiet source. Then it
/// amplifies the whole source by the same gain, and lowers the gain if the source becomes loud later. A noise of one or two seconds,
/// such as a door, doesn't count. It also holds sound back while it isn't known whether a pause comes before it.
final class Leveler {
    private enum Item {
        case sound([Float])
        case silence(Int64)
    }

    private let outputs: Int
    private let writer: SampleWriter
    /// Items that wait until the level is known.
    private var waiting: [Item] = []
    private var waitingSamples = 0
    /// Items that wait for the decision about a pause; nil if there is no such decision to make.
    private var held: [Item]?
    /// Nil until the level is known.
    private var gain: Float?
    /// The gain at the end of the last sound written.
    private var lastGain: Float = 1
    /// Before the gain is known, the peak of each second. After that, the peaks of the seconds that the gain would clip.
    private var peaks: [Float] = []
    private var second = (peak: Float(0), samples: 0)

    private static let rate = Int(Resampler.rate)
    /// A second is clear if its peak is at least this: −40 dBFS.
    private static let clear: Float = 0.01
    /// The peaks of a quiet source are amplified to this: −20 dBFS.
    private static let target: Float = 0.1
    /// Floating-point samples may be far above full scale. Peaks above `tooLoud` are lowered to `loud`.
    private static let loud: Float = 0.9
    private static let tooLoud: Float = 2
    /// 60 dB: more amplification gains nothing from 16-bit audio.
    private static let largestGain: Float = 1_000
    /// Peaks up to this are silence: even the dither of 16-bit audio is louder.
    private static let nothing: Float = 1e-6
    /// Number of seconds that determine the level. The loudest two may be noises.
    private static let peaksForCertainty = 3
    /// Seconds of sound that wait for the level at most.
    private static let longestWait = 30
    /// Samples over which a new gain is faded in: 20 ms.
    private static let fade = 320

    init(outputs: Int, writer: SampleWriter) {
        self.outputs = outputs
        self.writer = writer
    }

    /// Appends interleaved samples.
    func append(_ sound: [Float]) throws {
        guard held == nil else {
            held?.append(.sound(sound))
            return
        }
        try level(sound)
    }

    /// Appends `count` samples of silence to each channel.
    func appendSilence(_ count: Int64) throws {
        if held != nil {
            held?.append(.silence(count))
        } else if waiting.isEmpty {
            try writer.appendSilence(count)
        } else {
            waiting.append(.silence(count))
        }
    }

    /// Holds everything back until `release`.
    func hold() {
        if held == nil { held = [] }
    }

    /// Releases what was held back, after `count` samples of silence per channel.
    func release(pause count: Int64) throws {
        let kept = held ?? []
        held = nil
        if count > 0 { try appendSilence(count) }
        for item in kept {
            switch item {
            case .sound(let sound): try level(sound)
            case .silence(let count): try appendSilence(count)
            }
        }
    }

    func finish() throws {
        try release(pause: 0)
        if second.samples > 0 { peaks.append(second.peak) }
        try decide()
    }

    private func level(_ sound: [Float]) throws {
        let peak = sound.reduce(Float(0)) { max($0, abs($1)) }
        if gain != nil {
            try write(sound)
            listen(to: sound, peak: peak)
            return
        }
        if waiting.isEmpty, peak <= Self.nothing {
            try write(sound)
            return
        }
        waiting.append(.sound(sound))
        waitingSamples += sound.count / outputs
        listen(to: sound, peak: peak)
        let isClear = peaks.count { $0 >= Self.clear } >= Self.peaksForCertainty
        if isClear || waitingSamples >= Self.longestWait * Self.rate { try decide() }
    }

    /// Records the peak of each second. Once the gain is known, only peaks that it would clip count.
    private func listen(to sound: [Float], peak: Float) {
        second.peak = max(second.peak, peak)
        second.samples += sound.count / outputs
        guard second.samples >= Self.rate else { return }
        if let gain {
            if second.peak * gain > (gain > 1 ? 1 : Self.tooLoud) { peaks.append(second.peak) }
            if peaks.count >= Self.peaksForCertainty {
                self.gain = min(gain, Self.gain(for: level))
                peaks = []
            }
        } else if second.peak > Self.nothing {
            peaks.append(second.peak)
        }
        second = (0, 0)
    }

    /// The third-highest peak, so that two loud noises don't count; the highest if there are fewer than three.
    private var level: Float {
        let sorted = peaks.sorted(by: >)
        return sorted.count >= Self.peaksForCertainty ? sorted[Self.peaksForCertainty - 1] : sorted.first ?? 0
    }

    private static func gain(for level: Float) -> Float {
        if level > tooLoud { return loud / level }
        return level >= clear || level <= nothing ? 1 : min(target / level, largestGain)
    }

    private func decide() throws {
        if gain == nil {
            lastGain = Self.gain(for: level)
            gain = lastGain
            peaks = []
        }
        let items = waiting
        waiting = []
        for item in items {
            switch item {
            case .sound(let sound): try write(sound)
            case .silence(let count): try writer.appendSilence(count)
            }
        }
    }

    private func write(_ sound: [Float]) throws {
        let (from, to) = (lastGain, gain ?? 1)
        lastGain = to
        var samples = sound.map { Self.sample($0 * to) }
        if from != to {
            for index in 0..<min(sound.count, Self.fade * outputs) {
                let factor = from + (to - from) * Float(index / outputs) / Float(Self.fade)
                samples[index] = Self.sample(sound[index] * factor)
            }
        }
        try samples.withUnsafeBufferPointer(writer.append)
    }

    /// Converts to 16 bits, clipped at full scale.
    private static func sample(_ value: Float) -> Int16 {
        Int16(max(-32_768, min(32_767, (value * 32_768).rounded())))
    }
}
