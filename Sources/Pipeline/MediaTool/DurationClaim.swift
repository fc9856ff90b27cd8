import CAV

/// How long a container says that its sound is, from the start of the source. May be a lie.
struct DurationClaim {
    /// Seconds it may mean, the shortest first: empty when it says nothing, two when the clock does not begin at zero, since some
    /// writers count from there and some from zero.
    let readings: [Double]
    /// Seconds that the container states for all streams together; nil when libav estimated them from the bytes.
    let stated: Double?

    private let bytes: Double

    /// Bytes a second below which no speech codec goes: a claim that would need less is a lie, and not believed.
    private static let leastByteRate = 500.0
    /// Bytes a second above which no MP3 goes, 320 and 160 kbit/s, and a tenth for what is written beside the sound: a claim that would need more
    /// is too short.
    private static let mostMP3 = 44_000.0
    private static let mostSlowMP3 = 22_000.0
    private static let microseconds = AVRational(num: 1, den: AV_TIME_BASE)

    init(
        of context: UnsafeMutablePointer<AVFormatContext>, track: AudioTrack, container: Container, bytes: Int64,
        origin: Double
    ) {
        let whole = Self.positive(context.pointee.duration, Self.microseconds)
        let stream = context.pointee.streams[Int(track.index)]
        let own = stream.flatMap { Self.positive($0.pointee.duration, $0.pointee.time_base) }
        let start = stream.flatMap(Demuxer.start) ?? origin
        var readings =
            if let own {
                Self.readings(of: own, from: start).map { $0 + max(0, start - origin) }
            } else {
                whole.map { Self.readings(of: $0, from: origin) } ?? []
            }
        if container == .wav, let most = Self.mostSeconds(of: track, bytes: bytes) {
            readings = readings.map { min($0, most) }
        }
        if container == .mp3 {
            // The head's count is of the first part, where parts were joined.
            let most = track.parameters.pointee.sample_rate < 32_000 ? Self.mostSlowMP3 : Self.mostMP3
            readings.removeAll { Double(bytes) / $0 > most }
        }
        self.readings = readings
        let isEstimate = context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE
        stated = isEstimate ? nil : whole.flatMap { Self.readings(of: $0, from: origin).first }
        self.bytes = Double(bytes)
    }

    /// The claim, if the file is large enough for it.
    var plausible: Double? {
        readings.first.flatMap { bytes / $0 >= Self.leastByteRate ? $0 : nil }
    }

    /// The reading nearest to what was measured or estimated.
    func nearest(to seconds: Double?) -> Double? {
        guard let seconds, seconds > 0 else { return readings.first }
        return readings.min { abs($0 - seconds) < abs($1 - seconds) }
    }

    /// What a duration may mean where the clock begins at `start`.
    private static func readings(of duration: Double, from start: Double) -> [Double] {
        start > 1 && duration > start ? [duration - start, duration] : [duration]
    }

    /// Uncompressed sound cannot be longer than its bytes, whatever the header says: recorders that were cut off, and programs that write to a pipe,
    /// leave the largest number there is.
    private static func mostSeconds(of track: AudioTrack, bytes: Int64) -> Double? {
        let parameters = track.parameters.pointee
        let bits = Double(av_get_exact_bits_per_sample(parameters.codec_id))
        let rate = Double(parameters.sample_rate) * Double(parameters.ch_layout.nb_channels) * bits
        return rate > 0 ? Double(bytes) * 8 / rate : nil
    }

    private static func positive(_ duration: Int64, _ base: AVRational) -> Double? {
        Demuxer.seconds(duration, base).flatMap { $0 > 0 ? $0 : nil }
    }
}
