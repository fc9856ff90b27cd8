/// Decides whether two channels are two voices or one sound, by comparing them over the whole source.
///
/// These are one sound:
/// - the same signal on both sides, even if louder on one or inverted (`MediaToolClient.decode` inverts it back, so that adding both sides
///   loses nothing)
/// - a room that two microphones record: the samples differ, but both sides rise and fall together, while two people take turns
/// - an echo: one side follows the other with a delay. The louder side is used.
///
/// Crosstalk is weak compared with a channel's own voice, so it doesn't matter. An unused channel is dropped if it is silent; if it has
/// hiss, speech detection finds nothing in it.
package struct ChannelComparison: Sendable {
    /// The channels are one signal if less than this share of one channel's energy is not in the other. With the joint stereo of lossy
    /// codecs it is below 0.01.
    private static let sameSignal = 0.05
    /// The channels record the same room if their loudness correlates by more than this. If two people's microphones pick up a quarter of
    /// each other's energy, it is below 0.5; in one room it is close to 1.
    private static let sameRoom = 0.6
    /// One channel is an echo of the other if its loudness correlates with the other's earlier loudness by more than this. Two people do
    /// not follow each other like that.
    private static let sameSoundLate = 0.9
    /// The longest delay of an echo, in frames: one second.
    private static let latest = 20
    /// A channel whose mean energy is at most this is silent: -80 dBFS.
    private static let silence = 32768.0 * 32768.0 * 1e-8
    /// Samples per frame: 50 ms, the length of a syllable.
    private static let frame = 800

    private var left = 0.0
    private var right = 0.0
    private var product = 0.0
    private var samples = 0.0
    private var current = (left: 0.0, right: 0.0, samples: 0)
    private var loudness = Correlation()
    /// The energies of the last frames, the newest first.
    private var past: [(left: Double, right: Double)] = []
    /// How each side follows the other with a delay of one frame, two, and so on.
    private var late = [(left: Correlation, right: Correlation)](
        repeating: (Correlation(), Correlation()), count: latest)

    package init() {}

    /// Adds samples: 16 bit, little-endian, left and right interleaved.
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

    /// What to recognize: both channels separately, one of them, or the mix.
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

/// The correlation of two series of numbers, from -1 to 1.
private struct Correlation {
    private var count = 0.0
    private var sums = (x: 0.0, y: 0.0, xx: 0.0, yy: 0.0, xy: 0.0)

    mutating func add(_ x: Double, _ y: Double) {
        count += 1
        sums = (sums.x + x, sums.y + y, sums.xx + x * x, sums.yy + y * y, sums.xy + x * y)
    }

    /// 0 if one of the series doesn't vary.
    var coefficient: Double {
        let x = count * sums.xx - sums.x * sums.x
        let y = count * sums.yy - sums.y * sums.y
        guard x > 0, y > 0 else { return 0 }
        return (count * sums.xy - sums.x * sums.y) / (x * y).squareRoot()
    }
}
