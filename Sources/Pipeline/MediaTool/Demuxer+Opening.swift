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
    /// Real files have dozens of subtitles, fonts and pictures before their sound; more than this many only cost memory.
    private static let maxStreams: Int64 = 256

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
        let result = avformat_open_input(&context, "", identity.format, &options)
        guard result >= 0, let opened = context else {
            if result == verbatim_av_error_no_memory {
                throw Refusal(.unsupportedFormat, "more than \(maxStreams) streams, or absurd headers")
            }
            throw identity.doubtful
                ? Refusal(.unsupportedFormat, "not a known container")
                : Refusal(.decodeFailed, "the \(identity.container.rawValue) container is damaged")
        }
        return opened
    }

    /// The audio streams that we can decode: first the one that libav would play, then the others.
    static func audioTracks(
        of context: UnsafeMutablePointer<AVFormatContext>, doubtful: Bool
    ) throws -> [AudioTrack] {
        let streams = streams(of: context)
        let audio = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }
        guard !audio.isEmpty else {
            throw streams.isEmpty && !doubtful
                ? Refusal(.decodeFailed, "the container holds no stream")
                : Refusal(.unsupportedFormat, "no audio stream")
        }
        let tracks = audio.compactMap(AudioTrack.init)
        guard !tracks.isEmpty else {
            let name = audio.first.map { AudioCodec.name(of: $0.pointee.codecpar.pointee.codec_id) } ?? "unknown"
            throw Refusal(.unsupportedFormat, "audio codec \(name)")
        }
        let best = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, -1, nil, 0)
        return tracks.filter { $0.index == best } + tracks.filter { $0.index != best }
    }
}
