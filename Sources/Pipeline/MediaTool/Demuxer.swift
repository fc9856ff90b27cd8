import CAV

/// The opened container and its audio tracks.
///
/// Owns libav's format context. Nothing but the input's bytes can get in: no protocol is allowed, no other file is
/// opened, no demuxer or decoder beyond ours is tried.
final class Demuxer {
    let container: Container
    /// Those that we can decode: first the one that libav would play, then the others in the container's order. Never empty.
    let tracks: [AudioTrack]
    let input: DescriptorInput
    let effort: Effort

    /// Where the source begins on the file's clock, in seconds: its earliest stream. Nil until the first time stamp.
    private var origin: Double?
    /// A packet of a track was read.
    private var hasBegun = false
    private var heard: Set<Int32> = []
    private let context: UnsafeMutablePointer<AVFormatContext>

    /// How many failed reads in a row end the file: a demuxer steps over damage, or reports the same for ever.
    private static let readErrorsInARow = 16

    init(_ input: DescriptorInput, effort: Effort) throws {
        self.input = input
        self.effort = effort
        let identity = try Self.identify(input)
        container = identity.container
        let opened = try Self.open(input, as: identity)
        do {
            guard avformat_find_stream_info(opened, nil) >= 0 else {
                throw Refusal(.decodeFailed, "the container's streams cannot be read")
            }
            tracks = try Self.audioTracks(of: opened, doubtful: identity.doubtful)
        } catch {
            var context: UnsafeMutablePointer<AVFormatContext>? = opened
            avformat_close_input(&context)
            throw error
        }
        context = opened
        origin = Self.origin(of: opened)
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    /// From now on `read` gives packets of these tracks, and of no other.
    func listen(to tracks: [AudioTrack]) {
        heard = Set(tracks.map(\.index))
    }

    /// What the container claims of a track's length.
    func claim(of track: AudioTrack) -> DurationClaim {
        DurationClaim(of: context, track: track, container: container, bytes: input.size, origin: origin ?? 0)
    }

    /// The next packet; false at the end of the file, which too much damage also is, and when the effort is spent.
    func read(into packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        var errors = 0
        while errors < Self.readErrorsInARow, !effort.isSpent {
            av_packet_unref(packet)
            effort.countPacket()
            let result = av_read_frame(context, packet)
            if result >= 0 {
                errors = 0
                if heard.contains(packet.pointee.stream_index) {
                    begin()
                    return true
                }
                moveOrigin(to: packet.pointee)
            } else if [verbatim_av_error_eof, verbatim_av_error_io, verbatim_av_error_no_memory].contains(result) {
                return false
            } else {
                errors += 1
            }
        }
        return false
    }

    /// From here on the other streams are not even read.
    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        for stream in Self.streams(of: context) where !heard.contains(stream.pointee.index) {
            stream.pointee.discard = AVDISCARD_ALL
        }
    }

    /// Without its decoder libav does not always know when a video starts; its first packets tell.
    private func moveOrigin(to packet: AVPacket) {
        guard !hasBegun, let stream = context.pointee.streams[Int(packet.stream_index)], Self.isFilm(stream),
            let time = Self.seconds(packet.pts, stream.pointee.time_base)
        else { return }
        origin = min(origin ?? time, time)
    }

    /// Seconds from the start of the source; nil when the file does not say.
    func time(_ timestamp: Int64, of track: AudioTrack) -> Double? {
        guard let time = Self.seconds(timestamp, track.timeBase) else { return nil }
        let begin = origin ?? time
        origin = begin
        return time - begin
    }
}

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

/// When the source begins, on its file's own clock, which may have run for hours by then.
extension Demuxer {
    private static let longestWait = 36_000.0

    static func streams(of context: UnsafeMutablePointer<AVFormatContext>) -> [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// Moving pictures: a cover is not when anything begins.
    static func isFilm(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
            && stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    }

    /// The earliest start of the sound and the film; subtitles and data keep other times. A film that begins longer before the sound than
    /// any plan takes has another clock. Nil when no stream says.
    static func origin(of context: UnsafeMutablePointer<AVFormatContext>) -> Double? {
        let streams = streams(of: context)
        let sounds = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }.compactMap(start)
        let films = streams.filter(isFilm).compactMap(start)
        guard let first = sounds.min() else { return films.min() }
        return films.filter { $0 < first && first - $0 <= longestWait }.min() ?? first
    }

    static func start(of stream: UnsafeMutablePointer<AVStream>) -> Double? {
        seconds(stream.pointee.start_time, stream.pointee.time_base)
    }

    static func seconds(_ timestamp: Int64, _ base: AVRational) -> Double? {
        guard timestamp != verbatim_av_no_timestamp, base.num > 0, base.den > 0 else { return nil }
        return Double(timestamp) * Double(base.num) / Double(base.den)
    }
}
