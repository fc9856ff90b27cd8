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
