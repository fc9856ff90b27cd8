/// Whether two channels hold two voices, or one sound: by what they have in common over the whole source.
///
/// The same signal twice, louder on one side, reversed or not, is one: `MediaToolClient.decode` turns a reversed side round, so that adding up
/// loses nothing. So is a room that two microphones hear: its sound differs from sample to
/// sample, but it rises and falls on both sides together, where two people take turns. What a microphone picks up of the other's voice
/// is little beside its own. Where one side follows the other at a distance, as an echo does, the louder one is heard. A channel that nobody uses holds nothing; one with hiss alone is for the speech detector to tell.
package struct ChannelComparison: Sendable {
    /// The share of one channel's energy that is not the other's, at most, for both to be one signal. Joint stereo of lossy codecs
    /// stays under a hundredth.
    private static let sameSignal = 0.05
    /// From which correlation of their loudness on, the channels hear the same room. Two people whose microphones pick up a quarter of
    /// each other's energy stay below a half; a room lies near one.
    private static let sameRoom = 0.6
    /// From which correlation of one side's loudness with the other's earlier one on, it is the same sound, late. Two people do not follow each
    /// other like that.
    private static let sameSoundLate = 0.9
    /// Frames by which it may be late: a second.
    private static let latest = 20
    /// Mean energy of a dead channel, at most: -80 dBFS.
    private static let silence = 32768.0 * 32768.0 * 1e-8
    /// Frames of 50 ms: loudness in the time of a syllable.
    private static let frame = 800

    private var left = 0.0
    private var right = 0.0
    private var product = 0.0
    private var samples = 0.0
    private var current = (left: 0.0, right: 0.0, samples: 0)
    private var loudness = Correlation()
    /// The last frames' energies, the newest first, and how each side follows the other by one frame, two, and so on.
    private var past: [(left: Double, right: Double)] = []
    private var late = [(left: Correlation, right: Correlation)](
        repeating: (Correlation(), Correlation()), count: latest)

    package init() {}

    /// Takes note of frames of two samples each: 16 bit, little-endian, left and right in turns.
    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            let samples = raw.bindMemory(to: Int16.self)
            var index = 0
            while index + 1 < samples.count {
                let count = min(Self.frame - current.samples, (samples.count - index) / 2)
                add(UnsafeBufferPointer(rebasing: samples[index..<index + 2 * count]))
                index += 2 * count
            }
        }
    }

    private mutating func add(_ pairs: UnsafeBufferPointer<Int16>) {
        var (l, r, p) = (Int64(0), Int64(0), Int64(0))
        for index in stride(from: 0, to: pairs.count, by: 2) {
            let (a, b) = (Int64(pairs[index]), Int64(pairs[index + 1]))
            l += a * a
            r += b * b
            p += a * b
        }
        left += Double(l)
        right += Double(r)
        product += Double(p)
        samples += Double(pairs.count / 2)
        current = (current.left + Double(l), current.right + Double(r), current.samples + pairs.count / 2)
        guard current.samples == Self.frame else { return }
        loudness.add(current.left, current.right)
        for (distance, frame) in past.enumerated() {
            late[distance].left.add(current.left, frame.right)
            late[distance].right.add(frame.left, current.right)
        }
        past.insert((current.left, current.right), at: 0)
        if past.count > Self.latest { past.removeLast() }
        current = (0, 0, 0)
    }

    /// What to recognize: both channels apart, the only one that lives, or the mix.
    package var channels: [SourceChannel] {
        guard samples > 0 else { return [.mixed] }
        switch (left / samples > Self.silence, right / samples > Self.silence) {
        case (false, false): return [.mixed]
        case (true, false): return [.left]
        case (false, true): return [.right]
        case (true, true): break
        }
        // The share of one channel's energy that no multiple of the other explains.
        let unexplained = 1 - product * product / (left * right)
        if unexplained < Self.sameSignal || loudness.coefficient > Self.sameRoom { return [.mixed] }
        let isEcho = late.contains { max($0.left.coefficient, $0.right.coefficient) > Self.sameSoundLate }
        if isEcho { return [left < right ? .right : .left] }
        return [.left, .right]
    }
}

/// How far two rows of numbers rise and fall together, from -1 to 1.
private struct Correlation {
    private var count = 0.0
    private var sums = (x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0)

    mutating func add(_ x: Double, _ y: Double) {
        count += 1
        sums = (sums.x + x, sums.y + y, sums.xx + x * x, sums.yy + y * y, sums.xy + x * y)
    }

    /// 0 where either row does not vary.
    var coefficient: Double {
        let x = count * sums.xx - sums.x * sums.x
        let y = count * sums.yy - sums.y * sums.y
        guard x > 0, y > 0 else { return 0 }
        return (count * sums.xy - sums.x * sums.y) / (x * y).squareRoot()
    }
}
