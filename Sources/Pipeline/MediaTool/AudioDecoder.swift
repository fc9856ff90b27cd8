import CAV

/// Decodes the packets of one track into frames.
///
/// Owns libav's decoder and its frame. Counts and skips packets and frames that cannot be decoded.
final class AudioDecoder {
    enum Outcome {
        /// Valid until the next call.
        case frame(UnsafeMutablePointer<AVFrame>)
        /// The decoder needs another packet.
        case hungry
        case ended
    }

    /// Number of packets and frames that were skipped.
    private(set) var damagedFrames: Int64 = 0

    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private var inputEnded = false
    /// Number of errors since the last packet.
    private var errors = 0

    /// Accepted sample rates, in hertz. No recording needs more, and the resampler's filter would become absurdly long.
    private static let sampleRates: ClosedRange<Int32> = 2_000...384_000
    /// The resampler's own limit.
    private static let channelCounts: ClosedRange<Int32> = 1...64
    /// After this many decoder errors for one packet, the rest of the packet is skipped.
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
            throw Refusal(.decodeFailed, "the stream's parameters are invalid")
        }
        codec.pointee.pkt_timebase = track.timeBase
        guard avcodec_open2(codec, track.decoder, &options) >= 0 else {
            throw Refusal(.decodeFailed, "the \(track.codecName) decoder rejects the stream")
        }
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&codec)
    }

    /// Returns the next usable frame, or says that the decoder needs a packet or has reached the end.
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

    /// Gives the decoder a packet. Returns false, and counts the packet as damaged, if the decoder rejects it.
    @discardableResult
    func take(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard avcodec_send_packet(codec, packet) >= 0 else {
            damagedFrames += 1
            return false
        }
        errors = 0
        return true
    }

    /// Tells the decoder that there are no more packets.
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
