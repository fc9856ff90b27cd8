import CAV

/// Tells a recording from silence, dither included.
enum Loudness {
    /// The peak, relative to full scale, up to which everything is silence: −60 dBFS.
    static let silence = 0.001

    /// Whether any sample of the frame, on any channel, rises above silence.
    static func isHeard(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        let format = AVSampleFormat(frame.pointee.format)
        let channels = Int(frame.pointee.ch_layout.nb_channels)
        let planar = av_sample_fmt_is_planar(format) != 0
        let count = Int(frame.pointee.nb_samples) * (planar ? 1 : channels)
        guard let planes = frame.pointee.extended_data else { return false }
        return (0..<(planar ? channels : 1)).contains { plane in
            guard let data = planes[plane] else { return false }
            return isHeard(UnsafeRawPointer(data), count: count, format: av_get_packed_sample_fmt(format))
        }
    }

    private static func isHeard(_ data: UnsafeRawPointer, count: Int, format: AVSampleFormat) -> Bool {
        switch format {
        case AV_SAMPLE_FMT_U8: any(UInt8.self, data, count) { abs(Double($0) - 128) > 128 * silence }
        case AV_SAMPLE_FMT_S16: any(Int16.self, data, count) { abs(Double($0)) > 0x1p15 * silence }
        case AV_SAMPLE_FMT_S32: any(Int32.self, data, count) { abs(Double($0)) > 0x1p31 * silence }
        case AV_SAMPLE_FMT_S64: any(Int64.self, data, count) { abs(Double($0)) > 0x1p63 * silence }
        case AV_SAMPLE_FMT_FLT: any(Float.self, data, count) { abs(Double($0)) > silence }
        case AV_SAMPLE_FMT_DBL: any(Double.self, data, count) { abs($0) > silence }
        default: false
        }
    }

    private static func any<Sample>(
        _: Sample.Type, _ data: UnsafeRawPointer, _ count: Int, _ isLoud: (Sample) -> Bool
    ) -> Bool {
        UnsafeBufferPointer(start: data.assumingMemoryBound(to: Sample.self), count: count).contains(where: isLoud)
    }
}
