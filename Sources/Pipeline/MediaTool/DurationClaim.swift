import CAV

/// How long a container says that its audio is, from the start of the source. The claim may be wrong.
struct DurationClaim {
    /// The possible meanings of the claim, in seconds, the shortest first. Empty if there is no claim. Two if the clock doesn't begin at
    /// zero: some programs count from the first time stamp, some from zero.
    let readings: [Double]
    /// Seconds that the container states for all streams together; nil if libav estimated them from the file's size.
    let stated: Double?

    private let bytes: Double

    /// No speech codec needs fewer bytes a second than this. A claim that implies fewer is false.
    private static let leastByteRate = 500.0
    /// No MP3 has more bytes a second than these: 320 kbit/s, or 160 kbit/s below 32 kHz, plus a tenth for metadata. A claim that implies
    /// more is too short.
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
            // If several MP3 files were joined, the header counts only the frames of the first.
            let most = track.parameters.pointee.sample_rate < 32_000 ? Self.mostSlowMP3 : Self.mostMP3
            readings.removeAll { Double(bytes) / $0 > most }
        }
        self.readings = readings
        let isEstimate = context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE
        stated = isEstimate ? nil : whole.flatMap { Self.readings(of: $0, from: origin).first }
        self.bytes = Double(bytes)
    }

    /// The shortest reading in seconds, if the file is large enough for it.
    var plausible: Double? {
        readings.first.flatMap { bytes / $0 >= Self.leastByteRate ? $0 : nil }
    }

    /// Returns the reading nearest to a measured or estimated duration; without one, the shortest reading.
    func nearest(to seconds: Double?) -> Double? {
        guard let seconds, seconds > 0 else { return readings.first }
        return readings.min { abs($0 - seconds) < abs($1 - seconds) }
    }

    /// Returns what a duration may mean if the clock begins at `start`, in seconds.
    private static func readings(of duration: Double, from start: Double) -> [Double] {
        start > 1 && duration > start ? [duration - start, duration] : [duration]
    }

    /// Returns the longest duration that uncompressed audio of this size can have, in seconds; nil for compressed audio. A WAV header may
    /// claim more: interrupted recorders, and programs that write to a pipe, leave the largest possible number in it.
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
