/// Limits the work spent on a file, so that a small file cannot cost much. Seconds of audio are not a measure, because one second may
/// have five million samples.
///
/// It counts the decoded samples of all channels; each packet costs a fixed number of samples.
final class Effort {
    /// The effort of a probe, in samples: ten minutes of stereo at 96 kHz.
    static let ofProbe = Probe.wholeSeconds * 96_000 * 2

    /// The cost of reading a packet, in samples. Ten minutes of the shortest packets that recorders write still fit into a probe.
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
