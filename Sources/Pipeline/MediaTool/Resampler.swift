import CAV

/// Converts frames of any format to 16 kHz floating-point samples, each channel by itself.
///
/// Owns libav's resampler and its output buffer. It converts a frame in slices, so that the memory doesn't depend on the frame's
/// length. If the format changes within the file, it delivers the old resampler's last samples and starts another.
final class Resampler {
    typealias Sink = (PlanarSound) throws -> Void

    static let rate: Int32 = 16_000
    /// Samples per channel that are converted at a time.
    private static let slice: Int32 = 8_192
    /// Samples that the filter may return beyond its own estimate.
    private static let margin: Int32 = 32

    private var context: OpaquePointer?
    private var channels = 0
    private var format: Int32 = -1
    private var sourceRate: Int32 = 0
    private var buffer: [Float] = []

    deinit {
        swr_free(&context)
    }

    /// Converts the frame and passes the result to `sink`, until `isEnough` returns true. Returns false if the frame cannot be converted.
    func convert(_ frame: UnsafeMutablePointer<AVFrame>, until isEnough: () -> Bool, sink: Sink) throws -> Bool {
        if !matches(frame.pointee) {
            try drain(sink: sink)
            guard configure(for: frame.pointee) else { return false }
        }
        guard let planes = frame.pointee.extended_data else { return false }
        let sampleFormat = AVSampleFormat(format)
        let isPlanar = av_sample_fmt_is_planar(sampleFormat) != 0
        let step = Int(av_get_bytes_per_sample(sampleFormat)) * (isPlanar ? 1 : channels)
        var done: Int32 = 0
        while done < frame.pointee.nb_samples, !isEnough() {
            let count = min(Self.slice, frame.pointee.nb_samples - done)
            var slice = (0..<(isPlanar ? channels : 1)).map { plane in
                planes[plane].map { UnsafePointer($0 + Int(done) * step) }
            }
            guard try pull(&slice, count: count, sink: sink) else { return false }
            done += count
        }
        return true
    }

    /// Delivers the samples that the filter still has, and forgets the format, so that the next frame starts a new resampler.
    func drain(sink: Sink) throws {
        guard context != nil else { return }
        _ = try pull(nil, count: 0, sink: sink)
        swr_free(&context)
    }

    private func pull(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: Int32, sink: Sink
    ) throws -> Bool {
        let room = swr_get_out_samples(context, count)
        guard room >= 0 else { return false }
        let stride = Int(room + Self.margin)
        if buffer.count < stride * channels { buffer = [Float](repeating: 0, count: stride * channels) }
        return try buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            var outputs: [UnsafeMutablePointer<UInt8>?] = (0..<channels).map { channel in
                UnsafeMutableRawPointer(base + channel * stride).assumingMemoryBound(to: UInt8.self)
            }
            let converted = swr_convert(context, &outputs, room + Self.margin, planes, count)
            guard converted >= 0 else { return false }
            try sink(PlanarSound(base, channels: channels, count: Int(converted), stride: stride))
            return true
        }
    }

    private func matches(_ frame: AVFrame) -> Bool {
        context != nil && frame.format == format && frame.sample_rate == sourceRate
            && Int(frame.ch_layout.nb_channels) == channels
    }

    private func configure(for frame: AVFrame) -> Bool {
        format = frame.format
        sourceRate = frame.sample_rate
        channels = Int(frame.ch_layout.nb_channels)
        // The layout names no channel order, so that libav keeps each channel as it is and mixes none into another.
        var layout = AVChannelLayout()
        layout.nb_channels = frame.ch_layout.nb_channels
        var target = layout
        let created = swr_alloc_set_opts2(
            &context, &target, AV_SAMPLE_FMT_FLTP, Self.rate, &layout, AVSampleFormat(format), sourceRate, 0, nil)
        guard created >= 0, swr_init(context) >= 0 else {
            swr_free(&context)
            return false
        }
        return true
    }
}

/// Samples of several channels, one channel after the other. Valid only during the call that receives it.
struct PlanarSound {
    let channels: Int
    /// Number of samples per channel.
    let count: Int
    private let samples: UnsafePointer<Float>
    /// Distance from one channel's first sample to the next channel's, in samples.
    private let stride: Int

    init(_ samples: UnsafePointer<Float>, channels: Int, count: Int, stride: Int) {
        self.samples = samples
        self.channels = channels
        self.count = count
        self.stride = stride
    }

    subscript(channel: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: samples + channel * stride, count: count)
    }
}
