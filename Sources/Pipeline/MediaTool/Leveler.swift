/// Makes 16 bits of the mix, and a quiet source loud enough to be heard in them.
///
/// Keeps what comes until it knows the level: three seconds with something clear in them are enough; of a quiet source half a minute is
/// measured. Then the whole source is amplified alike, and less so should it become loud later. What is loud for a second or two, such as a door,
/// says nothing of the level. Also keeps things back while it is not known whether a pause lies before them.
final class Leveler {
    private enum Item {
        case sound([Float])
        case silence(Int64)
    }

    private let outputs: Int
    private let writer: SampleWriter
    /// What waits for the level to be known.
    private var waiting: [Item] = []
    private var waitingSamples = 0
    /// What waits for a pause to be decided; nil when none is in question.
    private var held: [Item]?
    /// Nil until it is known.
    private var gain: Float?
    /// The gain at the end of what was written last.
    private var lastGain: Float = 1
    /// The peak of each second that waits, or that came out too loud since.
    private var peaks: [Float] = []
    private var second = (peak: Float(0), samples: 0)

    private static let rate = Int(Resampler.rate)
    /// Peaks from which on a second is clear: −40 dBFS.
    private static let clear: Float = 0.01
    /// Where a quiet source's peaks are brought to: −20 dBFS.
    private static let target: Float = 0.1
    /// Where peaks are brought to that are far above full scale, as floating point may hold them, and from where on.
    private static let loud: Float = 0.9
    private static let tooLoud: Float = 2
    /// A thousandfold: no more can be made of 16 bits.
    private static let largestGain: Float = 1_000
    /// Peaks up to which nothing is to be measured: below it lies not even the dither of 16 bits.
    private static let nothing: Float = 1e-6
    /// Seconds that tell the level, the loudest of which may be a noise.
    private static let peaksForCertainty = 3
    private static let longestWait = 30
    private static let fade = 320

    init(outputs: Int, writer: SampleWriter) {
        self.outputs = outputs
        self.writer = writer
    }

    /// Takes interleaved samples.
    func append(_ sound: [Float]) throws {
        guard held == nil else {
            held?.append(.sound(sound))
            return
        }
        try level(sound)
    }

    /// Takes that many samples of silence of each channel.
    func appendSilence(_ count: Int64) throws {
        if held != nil {
            held?.append(.silence(count))
        } else if waiting.isEmpty {
            try writer.appendSilence(count)
        } else {
            waiting.append(.silence(count))
        }
    }

    /// From here on everything is kept, until `release`.
    func hold() {
        if held == nil { held = [] }
    }

    /// Lets go what was kept, with that many samples of silence before it.
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

    /// Takes note of the peaks, by the second. Once the gain is known only those count that it would cut off.
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

    /// The loudest second but two.
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

    /// Bounded by full scale.
    private static func sample(_ value: Float) -> Int16 {
        Int16(max(-32_768, min(32_767, (value * 32_768).rounded())))
    }
}
