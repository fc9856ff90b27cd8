import CAV

/// The frames of one track's packets.
///
/// Owns libav's decoder and its frame. A packet or frame that cannot be decoded is counted and left out.
final class AudioDecoder {
    enum Outcome {
        /// Valid until the next call.
        case frame(UnsafeMutablePointer<AVFrame>)
        /// It wants another packet.
        case hungry
        case ended
    }

    /// Packets and frames that were left out.
    private(set) var damagedFrames: Int64 = 0

    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private var inputEnded = false
    /// Errors since the last packet.
    private var errors = 0

    /// Hertz a frame may have. Beyond lies no recording, only a resampler's filter of absurd length.
    private static let sampleRates: ClosedRange<Int32> = 2_000...384_000
    /// The resampler's own limit.
    private static let channelCounts: ClosedRange<Int32> = 1...64
    /// Errors of the decoder for one packet, after which the packet counts as used up.
    private static let errorsPerPacket = 64

    init(_ track: AudioTrack) throws {
        guard track.parameters.pointee.sample_rate <= Self.sampleRates.upperBound else {
            throw Refusal(.unsupportedFormat, "a sample rate above 384 kHz")
        }
        guard track.parameters.pointee.ch_layout.nb_channels <= Self.channelCounts.upperBound else {
            throw Refusal(.unsupportedFormat, "more than 64 channels")
        }
        frame = av_frame_alloc()
        codec = avcodec_alloc_context3(track.decoder)
        guard frame != nil, let codec else { throw Refusal(.decodeFailed, "out of memory") }
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "codec_whitelist", AudioCodec.decoders.joined(separator: ","), 0)
        codec.pointee.thread_count = 1
        guard avcodec_parameters_to_context(codec, track.parameters) >= 0 else {
            throw Refusal(.decodeFailed, "the stream's parameters make no sense")
        }
        codec.pointee.pkt_timebase = track.timeBase
        guard avcodec_open2(codec, track.decoder, &options) >= 0 else {
            throw Refusal(.decodeFailed, "the \(track.codecName) decoder refuses the stream")
        }
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&codec)
    }

    /// The next frame that can be used, or what is needed for it.
    func next() -> Outcome {
        guard let frame else { return .ended }
        while true {
            av_frame_unref(frame)
            let result = errors < Self.errorsPerPacket ? avcodec_receive_frame(codec, frame) : verbatim_av_error_again
            if result >= 0 {
                if Self.isUsable(frame.pointee) { return .frame(frame) }
                damagedFrames += 1
            } else if result == verbatim_av_error_again, !inputEnded {
                return .hungry
            } else if result == verbatim_av_error_eof || result == verbatim_av_error_again {
                return .ended
            } else {
                damagedFrames += 1
                errors += 1
            }
        }
    }

    /// Gives it a packet. False when it does not take it.
    @discardableResult
    func take(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard avcodec_send_packet(codec, packet) >= 0 else {
            damagedFrames += 1
            return false
        }
        errors = 0
        return true
    }

    /// Tells it that no packet comes any more.
    func endInput() {
        inputEnded = true
        errors = 0
        avcodec_send_packet(codec, nil)
    }

    private static func isUsable(_ frame: AVFrame) -> Bool {
        frame.nb_samples > 0 && sampleRates.contains(frame.sample_rate)
            && channelCounts.contains(frame.ch_layout.nb_channels)
    }
}
