import CAV

/// One audio stream of an opened container, of a codec that we decode.
///
/// Valid as long as the demuxer it is from.
struct AudioTrack {
    /// libav's number of the stream.
    let index: Int32
    let parameters: UnsafeMutablePointer<AVCodecParameters>
    let decoder: UnsafePointer<AVCodec>
    let timeBase: AVRational

    /// Nil when the stream is no audio, or of a codec that is none of ours.
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
