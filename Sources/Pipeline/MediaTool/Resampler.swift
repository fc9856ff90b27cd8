import CAV

/// 16 kHz, 16 bit, one or two channels, out of frames of any kind.
///
/// Owns libav's resampler and its output buffer. A change of format within the file ends the old resampler, whose last
/// samples are delivered, and begins another.
final class Resampler {
    static let rate: Int32 = 16_000

    private let channels: Int32
    private var context: OpaquePointer?
    private var layout = AVChannelLayout()
    private var format: Int32 = -1
    private var sourceRate: Int32 = 0
    private var buffer: [Int16] = []

    init(channels: Int) {
        self.channels = Int32(channels)
    }

    deinit {
        swr_free(&context)
        av_channel_layout_uninit(&layout)
    }

    /// Converts the frame and gives what came out, interleaved, to `sink`. False when the frame cannot be converted.
    func convert(
        _ frame: UnsafeMutablePointer<AVFrame>, sink: (UnsafeBufferPointer<Int16>) throws -> Void
    ) throws -> Bool {
        if !matches(frame.pointee) {
            try drain(sink: sink)
            guard configure(for: frame) else { return false }
        }
        guard let planes = frame.pointee.extended_data else { return false }
        let count = frame.pointee.nb_samples
        return try planes.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 1) {
            try pull($0, count: count, sink: sink)
        }
    }

    /// Delivers what the filter still holds and forgets the format: after it the next frame starts afresh.
    func drain(sink: (UnsafeBufferPointer<Int16>) throws -> Void) throws {
        guard context != nil else { return }
        _ = try pull(nil, count: 0, sink: sink)
        swr_free(&context)
    }

    private func pull(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: Int32,
        sink: (UnsafeBufferPointer<Int16>) throws -> Void
    ) throws -> Bool {
        let room = swr_get_out_samples(context, count)
        guard room >= 0 else { return false }
        let needed = (Int(room) + 32) * Int(channels)
        if buffer.count < needed { buffer = [Int16](repeating: 0, count: needed) }
        return try buffer.withUnsafeMutableBytes { bytes in
            var output = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let converted = swr_convert(context, &output, room + 32, planes, count)
            guard converted >= 0 else { return false }
            let samples = bytes.bindMemory(to: Int16.self)
            try sink(UnsafeBufferPointer(rebasing: samples[..<(Int(converted) * Int(channels))]))
            return true
        }
    }

    private func matches(_ frame: AVFrame) -> Bool {
        var theirs = frame.ch_layout
        return context != nil && frame.format == format && frame.sample_rate == sourceRate
            && av_channel_layout_compare(&theirs, &layout) == 0
    }

    private func configure(for frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        av_channel_layout_uninit(&layout)
        guard av_channel_layout_copy(&layout, &frame.pointee.ch_layout) >= 0 else { return false }
        format = frame.pointee.format
        sourceRate = frame.pointee.sample_rate
        var target = AVChannelLayout()
        av_channel_layout_default(&target, channels)
        let created = swr_alloc_set_opts2(
            &context, &target, AV_SAMPLE_FMT_S16, Self.rate, &layout, AVSampleFormat(format), sourceRate, 0, nil)
        let weights = Self.weights(from: Int(layout.nb_channels), to: Int(channels))
        guard created >= 0, swr_set_matrix(context, weights, layout.nb_channels) >= 0, swr_init(context) >= 0 else {
            swr_free(&context)
            return false
        }
        return true
    }

    /// What each source channel adds to each of ours, row by row.
    ///
    /// One channel is the average of all. Two are left and right where the source has them, twice the same from mono,
    /// and else the averages of the even and of the odd channels.
    private static func weights(from sources: Int, to targets: Int) -> [Double] {
        (0..<targets).flatMap { target -> [Double] in
            let heard = (0..<sources).map { targets == 1 || sources == 1 || $0 % 2 == target }
            let share = 1 / Double(max(1, heard.count { $0 }))
            return heard.map { $0 ? share : 0 }
        }
    }
}
