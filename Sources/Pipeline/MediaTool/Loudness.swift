import CAV

/// Distinguishes a recording from silence (which may have dither) by the peaks of its unprocessed channels.
struct Loudness {
    /// Peaks up to this share of full scale are silence: eight steps of 16 bits, −72 dBFS. For lossless audio of more than 16 bits, two
    /// steps, −84 dBFS.
    let silence: Double

    /// Peaks above this share of full scale can be heard without amplification: −50 dBFS.
    static let clear = 0.00316

    init(parameters: UnsafeMutablePointer<AVCodecParameters>) {
        let codec = parameters.pointee.codec_id
        let isLossless = avcodec_descriptor_get(codec).map { $0.pointee.props & AV_CODEC_PROP_LOSSLESS != 0 } ?? false
        let stated = parameters.pointee.bits_per_raw_sample
        let bits = stated > 0 ? stated : av_get_exact_bits_per_sample(codec)
        silence = isLossless && bits > 16 ? 2 / 0x1p15 : 8 / 0x1p15
    }

    /// Returns whether any sample of the frame, on any channel, is louder than silence.
    func isHeard(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        Self.rises(frame, above: silence)
    }

    /// Returns whether any sample of the frame, on any channel, is above `level`, a share of full scale.
    static func rises(_ frame: UnsafeMutablePointer<AVFrame>, above level: Double) -> Bool {
        let format = AVSampleFormat(frame.pointee.format)
        let channels = Int(frame.pointee.ch_layout.nb_channels)
        let planar = av_sample_fmt_is_planar(format) != 0
        let count = Int(frame.pointee.nb_samples) * (planar ? 1 : channels)
        guard let planes = frame.pointee.extended_data else { return false }
        return (0..<(planar ? channels : 1)).contains { plane in
            guard let data = planes[plane] else { return false }
            return rises(UnsafeRawPointer(data), count, av_get_packed_sample_fmt(format), above: level)
        }
    }

    private static func rises(
        _ data: UnsafeRawPointer, _ count: Int, _ format: AVSampleFormat, above level: Double
    ) -> Bool {
        switch format {
        case AV_SAMPLE_FMT_U8: any(UInt8.self, data, count) { abs(Double($0) - 128) > 128 * level }
        case AV_SAMPLE_FMT_S16: any(Int16.self, data, count) { abs(Double($0)) > 0x1p15 * level }
        case AV_SAMPLE_FMT_S32: any(Int32.self, data, count) { abs(Double($0)) > 0x1p31 * level }
        case AV_SAMPLE_FMT_S64: any(Int64.self, data, count) { abs(Double($0)) > 0x1p63 * level }
        case AV_SAMPLE_FMT_FLT: any(Float.self, data, count) { abs(Double($0)) > level }
        case AV_SAMPLE_FMT_DBL: any(Double.self, data, count) { abs($0) > level }
        default: false
        }
    }

    private static func any<Sample>(
        _: Sample.Type, _ data: UnsafeRawPointer, _ count: Int, _ isLoud: (Sample) -> Bool
    ) -> Bool {
        UnsafeBufferPointer(start: data.assumingMemoryBound(to: Sample.self), count: count).contains(where: isLoud)
    }
}
