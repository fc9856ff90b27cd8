import CAV

/// From bytes to an opened container, with every door but the input shut.
extension Demuxer {
    struct Identity {
        let container: Container
        let format: UnsafePointer<AVInputFormat>
        /// libav guesses: the bytes may be no media at all.
        let doubtful: Bool
    }

    /// Bytes libav may look at to tell what the file is, and again to find its streams.
    private static let probeBytes: Int64 = 5_000_000
    /// Microseconds of media it may look at for the latter.
    private static let analyzeMicroseconds: Int64 = 5_000_000
    /// Real files have dozens of subtitle streams; a thousand only cost memory.
    private static let maxStreams: Int64 = 64

    /// Asks all of libav's demuxers, so that a picture or a playlist is told from an MP3; accepts only ours.
    static func identify(_ input: DescriptorInput) throws -> Identity {
        var score: Int32 = 0
        guard let format = verbatim_av_identify(input.context, UInt32(probeBytes), &score),
            let container = Container(demuxer: String(cString: format.pointee.name), head: input.head(64))
        else { throw Refusal(.unsupportedFormat, "not a known container") }
        return Identity(container: container, format: format, doubtful: score <= verbatim_av_doubtful_score)
    }

    static func open(_ input: DescriptorInput, as identity: Identity) throws -> UnsafeMutablePointer<AVFormatContext> {
        var context = avformat_alloc_context()
        guard let allocated = context else { throw Refusal(.decodeFailed, "out of memory") }
        allocated.pointee.pb = input.context
        verbatim_av_refuse_other_files(allocated)

        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        // No protocol has this name: none is allowed.
        av_dict_set(&options, "protocol_whitelist", "none", 0)
        av_dict_set(&options, "format_whitelist", Container.demuxers.joined(separator: ","), 0)
        av_dict_set(&options, "codec_whitelist", AudioCodec.decoders.joined(separator: ","), 0)
        av_dict_set_int(&options, "probesize", probeBytes, 0)
        av_dict_set_int(&options, "analyzeduration", analyzeMicroseconds, 0)
        av_dict_set_int(&options, "max_streams", maxStreams, 0)
        // Frees the context when it fails.
        guard avformat_open_input(&context, "", identity.format, &options) >= 0, let opened = context else {
            throw identity.doubtful
                ? Refusal(.unsupportedFormat, "not a known container")
                : Refusal(.decodeFailed, "the \(identity.container.rawValue) container is damaged")
        }
        return opened
    }

    /// The stream libav would play, or else the first audio stream we can decode.
    static func audioStream(
        of context: UnsafeMutablePointer<AVFormatContext>, doubtful: Bool
    ) throws -> UnsafeMutablePointer<AVStream> {
        let streams = (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
        let audio = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }
        guard !audio.isEmpty else {
            throw streams.isEmpty && !doubtful
                ? Refusal(.decodeFailed, "the container holds no stream")
                : Refusal(.unsupportedFormat, "no audio stream")
        }
        let decodable = audio.filter { AudioCodec.decoder(for: $0.pointee.codecpar.pointee.codec_id) != nil }
        let best = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, -1, nil, 0)
        guard let chosen = decodable.first(where: { $0.pointee.index == best }) ?? decodable.first else {
            let name = audio.first.map { AudioCodec.name(of: $0.pointee.codecpar.pointee.codec_id) } ?? "unknown"
            throw Refusal(.unsupportedFormat, "audio codec \(name)")
        }
        return chosen
    }
}
