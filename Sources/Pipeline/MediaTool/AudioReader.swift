import CAV

/// The decoded frames of a file, one after the other.
///
/// Owns libav's decoder, packet and frame. A packet or frame that cannot be decoded is counted and left out.
final class AudioReader {
    let demuxer: Demuxer
    /// Packets and frames that were left out.
    private(set) var damagedFrames: Int64 = 0

    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private var inputEnded = false

    /// Hertz a frame may have. Beyond lies no recording, only a resampler's filter of absurd length.
    private static let sampleRates: ClosedRange<Int32> = 2_000...768_000
    /// The resampler's own limit.
    private static let channelCounts: ClosedRange<Int32> = 1...64
    /// Errors of the decoder for one packet, after which the packet counts as used up.
    private static let errorsPerPacket = 64

    init(_ demuxer: Demuxer) throws {
        self.demuxer = demuxer
        packet = av_packet_alloc()
        frame = av_frame_alloc()
        codec = avcodec_alloc_context3(demuxer.decoder)
        guard packet != nil, frame != nil, let codec else { throw Refusal(.decodeFailed, "out of memory") }
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "codec_whitelist", AudioCodec.decoders.joined(separator: ","), 0)
        codec.pointee.thread_count = 1
        guard avcodec_parameters_to_context(codec, demuxer.parameters) >= 0 else {
            throw Refusal(.decodeFailed, "the stream's parameters make no sense")
        }
        codec.pointee.pkt_timebase = demuxer.timeBase
        guard avcodec_open2(codec, demuxer.decoder, &options) >= 0 else {
            throw Refusal(.decodeFailed, "the \(demuxer.codecName) decoder refuses the stream")
        }
    }

    deinit {
        av_frame_free(&frame)
        av_packet_free(&packet)
        avcodec_free_context(&codec)
    }

    /// The next frame that can be used, valid until the next call; nil at the end.
    func next() -> UnsafeMutablePointer<AVFrame>? {
        guard let frame else { return nil }
        var errors = 0
        while true {
            av_frame_unref(frame)
            let result = errors < Self.errorsPerPacket ? avcodec_receive_frame(codec, frame) : verbatim_av_error_again
            if result >= 0 {
                if Self.isUsable(frame.pointee) { return frame }
                damagedFrames += 1
            } else if result == verbatim_av_error_again, !inputEnded {
                feed()
                errors = 0
            } else if result == verbatim_av_error_eof || result == verbatim_av_error_again {
                return nil
            } else {
                damagedFrames += 1
                errors += 1
            }
        }
    }

    /// Gives the decoder one more packet that it takes, or tells it that there is none.
    private func feed() {
        guard let packet else { return }
        while demuxer.read(into: packet) {
            if avcodec_send_packet(codec, packet) >= 0 { return }
            damagedFrames += 1
        }
        inputEnded = true
        avcodec_send_packet(codec, nil)
    }

    private static func isUsable(_ frame: AVFrame) -> Bool {
        frame.nb_samples > 0 && sampleRates.contains(frame.sample_rate)
            && channelCounts.contains(frame.ch_layout.nb_channels)
    }
}
