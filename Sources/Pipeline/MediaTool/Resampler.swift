import CAV

/// 16 kHz in floating point, every channel by itself, out of frames of any kind.
///
/// Owns libav's resampler and its output buffer. A frame is taken in slices, so that the memory it needs does not depend on its
/// length. A change of format within the file ends the old resampler, whose last samples are delivered, and begins another.
final class Resampler {
    typealias Sink = (PlanarSound) throws -> Void

    static let rate: Int32 = 16_000
    /// Samples of a frame that are converted at a time.
    private static let slice: Int32 = 8_192
    /// What the filter may give beyond its own estimate.
    private static let margin: Int32 = 32

    private var context: OpaquePointer?
    private var channels = 0
    private var format: Int32 = -1
    private var sourceRate: Int32 = 0
    private var buffer: [Float] = []

    deinit {
        swr_free(&context)
    }

    /// Converts the frame and gives what comes out to `sink`, until `isEnough`. False when the frame cannot be converted.
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

    /// Delivers what the filter still holds and forgets the format: after it the next frame starts afresh.
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
        // Without an order: each channel is taken as it is, and none is mixed into another.
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

/// Samples of several channels, each channel's in a row. Valid as long as the call that it is given to.
struct PlanarSound {
    let channels: Int
    /// Samples of each channel.
    let count: Int
    private let samples: UnsafePointer<Float>
    /// From one channel's first sample to the next one's.
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
