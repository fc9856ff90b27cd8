/// Whether two channels hold two signals, or one: by their energies and by how much they have in common, over the whole source.
///
/// Two people on two channels share no more than some bleed. The same signal twice, louder on one side or not, shares all. A channel
/// that nobody uses holds nothing, or the hiss of its line.
package struct ChannelComparison: Sendable {
    /// The share of one channel's energy that is not the other's, at most, for both to be one signal. Joint stereo of lossy codecs
    /// stays under a hundredth, and so does crosstalk; a voice of its own exceeds it even when it is seldom heard.
    private static let sameSignal = 0.05
    /// Mean energy of a dead channel, at most: -60 dBFS …
    private static let silence = 32768.0 * 32768.0 * 1e-6
    /// … or this share of the other's. Louder hiss is told from speech by the speech detector.
    private static let deadShare = 1e-5

    private var left = 0.0
    private var right = 0.0
    private var product = 0.0
    private var frames = 0.0

    package init() {}

    /// Takes note of frames of two samples each: 16 bit, little-endian, left and right in turns.
    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            let samples = raw.bindMemory(to: Int16.self)
            var (l, r, p) = (Int64(0), Int64(0), Int64(0))
            for index in stride(from: 0, to: samples.count - 1, by: 2) {
                let (a, b) = (Int64(samples[index]), Int64(samples[index + 1]))
                l += a * a
                r += b * b
                p += a * b
            }
            left += Double(l)
            right += Double(r)
            product += Double(p)
            frames += Double(samples.count / 2)
        }
    }

    /// What to recognise: both channels apart, the only one that lives, or the mix.
    package var channels: [SourceChannel] {
        guard frames > 0 else { return [.mixed] }
        if isDead(right, beside: left) { return isDead(left, beside: right) ? [.mixed] : [.left] }
        if isDead(left, beside: right) { return [.right] }
        // The share of one channel's energy that no multiple of the other explains.
        let unexplained = 1 - product * product / (left * right)
        return product > 0 && unexplained < Self.sameSignal ? [.mixed] : [.left, .right]
    }

    private func isDead(_ energy: Double, beside other: Double) -> Bool {
        energy / frames <= Self.silence || energy <= other * Self.deadShare
    }
}
