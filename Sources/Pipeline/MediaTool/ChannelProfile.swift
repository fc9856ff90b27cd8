/// What is known of a source's channels: which are alive, which are reversed, which only make noise.
///
/// Learned block by block, and kept until a later block says otherwise. Two channels are opposed when what rises and falls in them has
/// opposite signs: what is steady, such as hum that lies on both alike, is taken off first. Turning a channel round cannot be
/// heard, so a wrong guess among unrelated channels does no harm.
struct ChannelProfile {
    /// 1, or -1 of a channel that is to be turned round.
    private(set) var signs: [Float]
    private var isAlive: [Bool]
    /// Levels of the last frames of each channel, in octaves of energy.
    private var levels: [[Float]]

    /// Samples of a frame: 50 ms, the time of a syllable.
    private static let frame = 800
    /// Frames that are remembered: ten seconds.
    private static let memory = 200
    /// Mean energy of a dead channel, at most: −80 dBFS.
    private static let dead: Float = 1e-8
    /// From which correlation on, downwards, channels are opposed: then more than half of their energy would be lost. Not sooner, since a
    /// voice in the middle of wide music is opposed to nothing.
    private static let opposed: Float = -0.6
    /// Up to which they stay so.
    private static let stillOpposed: Float = -0.2
    /// The share of the energy that has to rise and fall before what is steady is taken off.
    private static let varying: Float = 0.02
    /// The range of the levels (a tenth to nine tenths of the frames) of what holds no speech, and of what may: 3 and 10 dB.
    private static let steady: Float = 1
    private static let lively: Float = 3.3

    init(channels: Int) {
        signs = Array(repeating: 1, count: channels)
        isAlive = Array(repeating: false, count: channels)
        levels = Array(repeating: [], count: channels)
    }

    /// What each channel adds to the mix: nothing if it is dead or noise beside a voice, else the same share as the others.
    var weights: [Float] {
        let ranges = levels.map(Self.range)
        let isLively = zip(ranges, isAlive).contains { $1 && $0.map { $0 > Self.lively } ?? false }
        var isHeard = zip(ranges, isAlive).map { range, isAlive in
            isAlive && !(isLively && range.map { $0 < Self.steady } ?? false)
        }
        if !isHeard.contains(true) { isHeard = isHeard.map { _ in true } }
        let share = 1 / Float(isHeard.count { $0 })
        return zip(isHeard, signs).map { $0 ? $1 * share : 0 }
    }

    /// Some channels are turned round against others.
    var isTurned: Bool {
        let alive = zip(signs, isAlive).compactMap { $1 ? $0 : nil }
        return alive.contains(1) && alive.contains(-1)
    }

    mutating func learn(from block: PlanarSound) {
        let frames = max(1, block.count / Self.frame)
        let energies = (0..<block.channels).map { Self.products(of: block[$0], and: block[$0], frames: frames) }
        let totals = energies.map { $0.reduce(0, +) }
        for channel in 0..<block.channels {
            if totals[channel] > Self.dead * Float(block.count) { isAlive[channel] = true }
            levels[channel] += energies[channel].map(Self.octave)
            levels[channel].removeFirst(max(0, levels[channel].count - Self.memory))
        }
        turn(block, energies, totals, frames: frames)
    }

    /// Adds channel to channel, the loudest first, and turns round each that would take away from the sum.
    private mutating func turn(_ block: PlanarSound, _ energies: [[Float]], _ totals: [Float], frames: Int) {
        let sounding = (0..<block.channels).filter { totals[$0] > 0 }.sorted { totals[$0] > totals[$1] }
        guard let first = sounding.first, sounding.count > 1 else { return }
        var sum = block[first].map { $0 * signs[first] }
        for channel in sounding.dropFirst() {
            let correlation = sum.withUnsafeBufferPointer { sum in
                Self.correlation(
                    Self.products(of: sum, and: block[channel], frames: frames),
                    Self.products(of: sum, and: sum, frames: frames), energies[channel])
            }
            // As they were recorded, whatever was turned round before.
            let isTurned = signs[channel] != signs[first]
            let isOpposed = correlation * signs[first] < (isTurned ? Self.stillOpposed : Self.opposed)
            if isOpposed != isTurned { signs[channel] = -signs[channel] }
            let (sign, other) = (signs[channel], block[channel])
            for index in sum.indices { sum[index] += other[index] * sign }
        }
    }

    /// Sums of products, frame by frame. What is left over behind the last frame does not count.
    private static func products(
        of one: UnsafeBufferPointer<Float>, and other: UnsafeBufferPointer<Float>, frames: Int
    ) -> [Float] {
        let length = one.count / frames
        return (0..<frames).map { frame in
            var sum: Float = 0
            for index in frame * length..<(frame + 1) * length { sum += one[index] * other[index] }
            return sum
        }
    }

    /// How far two signals rise and fall with the same sign, by their products and energies in each frame.
    private static func correlation(_ products: [Float], _ one: [Float], _ other: [Float]) -> Float {
        let totals = (product: products.reduce(0, +), one: one.reduce(0, +), other: other.reduce(0, +))
        let quiet = products.indices.sorted { one[$0] + other[$0] < one[$1] + other[$1] }.prefix(products.count / 5)
        var varying = totals
        if !quiet.isEmpty {
            let scale = Float(products.count) / Float(quiet.count)
            varying.product -= scale * quiet.reduce(0) { $0 + products[$1] }
            varying.one -= scale * quiet.reduce(0) { $0 + one[$1] }
            varying.other -= scale * quiet.reduce(0) { $0 + other[$1] }
        }
        let isVaried = varying.one > Self.varying * totals.one && varying.other > Self.varying * totals.other
        let sums = isVaried ? varying : totals
        let energy = (sums.one * sums.other).squareRoot()
        return energy > 0 ? sums.product / energy : 0
    }

    /// A rough logarithm to base 2: the exponent, and the fraction as it is.
    private static func octave(_ energy: Float) -> Float {
        let bounded = max(energy, 1e-12)
        return Float(bounded.exponent) + bounded.significand - 1
    }

    /// How far levels spread; nil while too few are known.
    private static func range(of levels: [Float]) -> Float? {
        guard levels.count >= 10 else { return nil }
        let sorted = levels.sorted()
        return sorted[sorted.count * 9 / 10] - sorted[sorted.count / 10]
    }
}
