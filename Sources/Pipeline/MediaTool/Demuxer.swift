import CAV

/// An opened container and its audio tracks.
///
/// Owns libav's format context, which reads only the input's bytes. It allows no protocol, opens no other file, and tries only the
/// demuxers and decoders that we list.
final class Demuxer {
    let container: Container
    /// The tracks that we can decode: first the one that libav would play, then the others in the container's order. Never empty.
    let tracks: [AudioTrack]
    let input: DescriptorInput
    let effort: Effort

    /// When the source's earliest stream begins, in seconds on the file's clock. Nil until the first time stamp.
    private var origin: Double?
    /// Whether a packet of a chosen track was read.
    private var hasBegun = false
    private var heard: Set<Int32> = []
    private let context: UnsafeMutablePointer<AVFormatContext>

    /// After this many failed reads in a row, the file ends. A demuxer either skips damage or reports the same error forever.
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

    /// Makes `read` return packets of these tracks only.
    func listen(to tracks: [AudioTrack]) {
        heard = Set(tracks.map(\.index))
    }

    /// Returns how long the container says that a track is.
    func claim(of track: AudioTrack) -> DurationClaim {
        DurationClaim(of: context, track: track, container: container, bytes: input.size, origin: origin ?? 0)
    }

    /// Reads the next packet. Returns false at the end of the file, after too much damage, and when the effort is spent.
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

    /// Makes libav skip all other streams from the first packet of a chosen track on.
    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        for stream in Self.streams(of: context) where !heard.contains(stream.pointee.index) {
            stream.pointee.discard = AVDISCARD_ALL
        }
    }

    /// Takes the start of a video from its first packets, because libav doesn't always know it without the video's decoder.
    private func moveOrigin(to packet: AVPacket) {
        guard !hasBegun, let stream = context.pointee.streams[Int(packet.stream_index)], Self.isFilm(stream),
            let time = Self.seconds(packet.pts, stream.pointee.time_base)
        else { return }
        origin = min(origin ?? time, time)
    }

    /// Returns the seconds from the start of the source; nil if there is no time stamp.
    func time(_ timestamp: Int64, of track: AudioTrack) -> Double? {
        guard let time = Self.seconds(timestamp, track.timeBase) else { return nil }
        let begin = origin ?? time
        origin = begin
        return time - begin
    }
}

/// Identifies and opens the container, without access to anything but the input.
extension Demuxer {
    struct Identity {
        let container: Container
        let format: UnsafePointer<AVInputFormat>
        /// Whether libav only guesses the format, so that the bytes may not be media at all.
        let doubtful: Bool
    }

    /// Number of bytes that libav may read to identify the file, and again to find its streams.
    private static let probeBytes: Int64 = 5_000_000
    /// Microseconds of media that libav may read to find the streams.
    private static let analyzeMicroseconds: Int64 = 5_000_000
    /// Real files have dozens of subtitles, fonts and pictures before their audio; more streams than this only cost memory.
    private static let maxStreams: Int64 = 256

    /// Identifies the container. Asks all of libav's demuxers, so that a picture or a playlist isn't mistaken for an MP3, but accepts
    /// only the ones that we list.
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
        // No protocol has this name, so none is allowed.
        av_dict_set(&options, "protocol_whitelist", "none", 0)
        av_dict_set(&options, "format_whitelist", Container.demuxers.joined(separator: ","), 0)
        av_dict_set(&options, "codec_whitelist", AudioCodec.decoders.joined(separator: ","), 0)
        av_dict_set_int(&options, "probesize", probeBytes, 0)
        av_dict_set_int(&options, "analyzeduration", analyzeMicroseconds, 0)
        av_dict_set_int(&options, "max_streams", maxStreams, 0)
        // Frees the context if it fails.
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

    /// Returns the audio streams that we can decode: first the one that libav would play, then the others.
    ///
    /// - Throws: `Refusal` if there are none.
    static func audioTracks(
        of context: UnsafeMutablePointer<AVFormatContext>, doubtful: Bool
    ) throws -> [AudioTrack] {
        let streams = streams(of: context)
        let audio = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }
        guard !audio.isEmpty else {
            throw streams.isEmpty && !doubtful
                ? Refusal(.decodeFailed, "the container has no streams")
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

/// Finds when the source begins on the file's own clock, which may have run for hours by then.
extension Demuxer {
    /// Seconds, the longest duration of any plan: a video that begins longer before the audio has another clock.
    private static let longestWait = 36_000.0

    static func streams(of context: UnsafeMutablePointer<AVFormatContext>) -> [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// Returns whether the stream is a video. A cover picture isn't: its time stamp says nothing about when the source begins.
    static func isFilm(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
            && stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    }

    /// Returns the earliest start of the audio and video streams, in seconds; nil if no stream has one. Subtitles and data don't count,
    /// because they may have times of their own. Neither does a video that begins more than `longestWait` before the audio.
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
