/// What has been spent on a file, so that a small one cannot cost much: seconds of sound tell little, where a second may hold
/// five million samples.
///
/// Counted are decoded samples of all channels, and packets as so many samples.
final class Effort {
    /// Ten minutes of 96 kHz in stereo.
    static let ofProbe = Probe.wholeSeconds * 96_000 * 2

    /// What reading a packet is worth, in samples: of the shortest that recorders write, ten minutes fit.
    private static let packet: Int64 = 128

    private var left: Int64

    init(limit: Int64) {
        left = limit
    }

    var isSpent: Bool { left <= 0 }

    func countPacket() {
        count(Self.packet)
    }

    func countFrame(samples: Int32, channels: Int32) {
        count(Int64(samples) * Int64(channels))
    }

    private func count(_ cost: Int64) {
        left = left > cost ? left - cost : 0
    }
}
