import CAV

/// One audio stream of an opened container, with a codec that we decode.
///
/// Valid only while the demuxer it came from exists.
struct AudioTrack {
    /// libav's index of the stream.
    let index: Int32
    let parameters: UnsafeMutablePointer<AVCodecParameters>
    let decoder: UnsafePointer<AVCodec>
    let timeBase: AVRational

    /// Returns nil if the stream isn't audio or we don't decode its codec.
    init?(_ stream: UnsafeMutablePointer<AVStream>) {
        guard let parameters = stream.pointee.codecpar, parameters.pointee.codec_type == AVMEDIA_TYPE_AUDIO,
            let decoder = AudioCodec.decoder(for: parameters.pointee.codec_id)
        else { return nil }
        index = stream.pointee.index
        self.parameters = parameters
        self.decoder = decoder
        timeBase = stream.pointee.time_base
    }

    var codecName: String { AudioCodec.name(of: parameters.pointee.codec_id) }
}

/// The audio codecs that we decode.
enum AudioCodec {
    /// Names of libav's decoders. libav opens no others, not even while it detects a stream's parameters.
    static let decoders = [
        "mp3float", "mp3", "mp2float", "mp2", "mp1float", "mp1", "aac", "aac_latm", "vorbis", "opus", "flac", "alac",
        "speex", "ac3", "eac3", "dca", "amrnb", "amrwb", "gsm", "gsm_ms", "wmav1", "wmav2", "wmapro", "wmavoice",
        "wmalossless", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_yamaha", "g726", "g722", "pcm_alaw",
        "pcm_mulaw", "pcm_s8", "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_u16le", "pcm_u16be", "pcm_s24le", "pcm_s24be",
        "pcm_s32le", "pcm_s32be", "pcm_s64le", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be",
    ]

    /// Returns the decoder for a codec, or nil if it isn't in `decoders`.
    static func decoder(for codec: AVCodecID) -> UnsafePointer<AVCodec>? {
        guard let decoder = avcodec_find_decoder(codec) else { return nil }
        return decoders.contains(String(cString: decoder.pointee.name)) ? decoder : nil
    }

    /// Returns the codec's name for people: `aac`, `mp3`, `pcm_s16le`.
    static func name(of codec: AVCodecID) -> String {
        avcodec_get_name(codec).map { String(cString: $0) } ?? "unknown"
    }
}
