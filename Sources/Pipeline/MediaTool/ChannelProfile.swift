/// What is known about a source's channels: which carry a signal, which have inverted polarity, which carry only noise.
///
/// It is updated with each block; a finding holds until a later block contradicts it. Two channels are opposed if their varying parts
/// have opposite signs. Steady sound, such as hum on both channels, is subtracted first. Inverting a channel is inaudible, so a wrong
/// guess about unrelated channels does no harm.
struct ChannelProfile {
    /// One sign per channel: 1, or -1 if the channel is to be inverted.
    private(set) var signs: [Float]
    private var isAlive: [Bool]
    /// For each channel the levels of its last frames, as a base-2 logarithm of their energy.
    private var levels: [[Float]]
    /// For each channel how far the loudest frame of the last block stands out from what is usual: from the 10th percentile of the frames.
    private var peaks: [Float]

    /// Samples per frame: 50 ms, the length of a syllable.
    private static let frame = 800
    /// Number of frames that are remembered: ten seconds.
    private static let memory = 200
    /// A channel whose mean energy is at most this is dead: −80 dBFS.
    private static let dead: Float = 1e-8
    /// Channels are opposed if their correlation is below this: adding them would lose more than half of their energy. The limit isn't
    /// closer to zero, because a voice in the middle of wide stereo music isn't opposed to anything.
    private static let opposed: Float = -0.6
    /// Opposed channels stay opposed while their correlation is below this.
    private static let stillOpposed: Float = -0.2
    /// Steady sound is subtracted only if at least this share of the energy varies.
    private static let varying: Float = 0.02
    /// The spread of a channel's levels (10th to 90th percentile of the frames). Below `steady` (3 dB) it is noise; above `lively` (10 dB)
    /// it may be speech.
    private static let steady: Float = 1
    private static let lively: Float = 3.3

    init(channels: Int) {
        signs = Array(repeating: 1, count: channels)
        isAlive = Array(repeating: false, count: channels)
        levels = Array(repeating: [], count: channels)
        peaks = Array(repeating: 0, count: channels)
    }

    /// One factor per channel for the mix: 0 if the channel is dead, or is noise while another may be speech; else an equal share with
    /// the channel's sign. If every channel would get 0, all get a share.
    ///
    /// After a long silence, a word is too short to spread the levels of ten seconds. So a channel is no noise in a block in which
    /// something stands out.
    var weights: [Float] {
        let ranges = levels.map(Self.range)
        let isLively = zip(ranges, isAlive).contains { $1 && $0.map { $0 > Self.lively } ?? false }
        var isHeard = ranges.indices.map { channel in
            let isSteady = ranges[channel].map { $0 < Self.steady } ?? false
            return isAlive[channel] && !(isLively && isSteady && peaks[channel] < Self.lively)
        }
        if !isHeard.contains(true) { isHeard = isHeard.map { _ in true } }
        let share = 1 / Float(isHeard.count { $0 })
        return zip(isHeard, signs).map { $0 ? $1 * share : 0 }
    }

    /// Whether some channels are inverted relative to others.
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
            let new = energies[channel].map(Self.octave)
            let usual = Self.percentile(10, of: levels[channel])
            peaks[channel] = usual.flatMap { usual in new.max().map { $0 - usual } } ?? 0
            levels[channel] += new
            levels[channel].removeFirst(max(0, levels[channel].count - Self.memory))
        }
        turn(block, energies, totals, frames: frames)
    }

    /// Adds up the channels, the loudest first, and inverts each that would cancel the sum.
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
            // Compare the channels as recorded, whatever was inverted before.
            let isTurned = signs[channel] != signs[first]
            let isOpposed = correlation * signs[first] < (isTurned ? Self.stillOpposed : Self.opposed)
            if isOpposed != isTurned { signs[channel] = -signs[channel] }
            let (sign, other) = (signs[channel], block[channel])
            for index in sum.indices { sum[index] += other[index] * sign }
        }
    }

    /// Returns one sum of products per frame. Samples after the last whole frame don't count.
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

    /// Returns how far two signals vary with the same sign, from -1 to 1, given their products and energies in each frame.
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

    /// Returns a rough base-2 logarithm: the exponent plus the fraction, which is used as it is.
    private static func octave(_ energy: Float) -> Float {
        let bounded = max(energy, 1e-12)
        return Float(bounded.exponent) + bounded.significand - 1
    }

    /// Returns how far the levels spread, from the 10th to the 90th percentile; nil while fewer than ten are known.
    private static func range(of levels: [Float]) -> Float? {
        guard let high = percentile(90, of: levels), let low = percentile(10, of: levels) else { return nil }
        return high - low
    }

    private static func percentile(_ percent: Int, of levels: [Float]) -> Float? {
        guard levels.count >= 10 else { return nil }
        return levels.sorted()[levels.count * percent / 100]
    }
}
