import CAV

/// The opened container and the one audio stream we listen to.
///
/// Owns libav's format context. Nothing but the input's bytes can get in: no protocol is allowed, no other file is
/// opened, no demuxer or decoder beyond ours is tried.
final class Demuxer {
    let container: Container
    let codecName: String
    let decoder: UnsafePointer<AVCodec>
    let parameters: UnsafeMutablePointer<AVCodecParameters>
    let timeBase: AVRational
    /// Seconds the container claims to last, all streams together; nil when it does not say. May be a lie.
    let claimedSeconds: Double?
    /// Seconds the audio stream claims to last, from the start of the source; nil when nobody says. May be a lie.
    let claimedAudioSeconds: Double?
    let input: DescriptorInput

    /// Where the source begins on libav's clock, in seconds: its earliest stream.
    private var origin: Double
    /// A packet of our stream was read.
    private var hasBegun = false
    private let streamIndex: Int32
    private var context: UnsafeMutablePointer<AVFormatContext>?

    private static let microseconds = AVRational(num: 1, den: AV_TIME_BASE)
    /// How many failed reads in a row end the file: a demuxer steps over damage, or reports the same for ever.
    private static let readErrorsInARow = 16

    init(_ input: DescriptorInput) throws {
        self.input = input
        let identity = try Self.identify(input)
        container = identity.container
        let opened = try Self.open(input, as: identity)
        var context: UnsafeMutablePointer<AVFormatContext>? = opened
        do {
            guard avformat_find_stream_info(opened, nil) >= 0 else {
                throw Refusal(.decodeFailed, "the container's streams cannot be read")
            }
            let stream = try Self.audioStream(of: opened, doubtful: identity.doubtful)
            guard let parameters = stream.pointee.codecpar,
                let decoder = AudioCodec.decoder(for: parameters.pointee.codec_id)
            else { throw Refusal(.unsupportedFormat, "no audio stream of a known codec") }
            self.parameters = parameters
            self.decoder = decoder
            codecName = AudioCodec.name(of: parameters.pointee.codec_id)
            let start = Self.seconds(opened.pointee.start_time, Self.microseconds) ?? 0
            let audioStart = Self.seconds(stream.pointee.start_time, stream.pointee.time_base) ?? start
            let claimed = Self.claim(opened.pointee.duration, Self.microseconds)
            let audioClaim = Self.claim(stream.pointee.duration, stream.pointee.time_base)
            timeBase = stream.pointee.time_base
            streamIndex = stream.pointee.index
            origin = start
            claimedSeconds = claimed
            claimedAudioSeconds = audioClaim.map { $0 + max(0, audioStart - start) } ?? claimed
        } catch {
            avformat_close_input(&context)
            throw error
        }
        self.context = context
    }

    deinit {
        avformat_close_input(&context)
    }

    /// The next packet of our stream; false at the end of the file, which too much damage also is.
    func read(into packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        var errors = 0
        while errors < Self.readErrorsInARow {
            av_packet_unref(packet)
            let result = av_read_frame(context, packet)
            if result >= 0 {
                errors = 0
                if packet.pointee.stream_index == streamIndex {
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
        guard !hasBegun, let context else { return }
        hasBegun = true
        for index in 0..<Int(context.pointee.nb_streams) where index != Int(streamIndex) {
            context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
        }
    }

    /// Without its decoder libav does not always know when a video starts; its first packets tell.
    private func moveOrigin(to packet: AVPacket) {
        guard !hasBegun, let stream = context?.pointee.streams[Int(packet.stream_index)],
            stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO,
            let time = Self.seconds(packet.pts, stream.pointee.time_base)
        else { return }
        origin = min(origin, time)
    }

    /// Seconds from the start of the source at which the frame is to be heard; nil when the file does not say.
    func time(of frame: UnsafeMutablePointer<AVFrame>) -> Double? {
        Self.seconds(frame.pointee.best_effort_timestamp, timeBase).map { $0 - origin }
    }

    private static func seconds(_ timestamp: Int64, _ base: AVRational) -> Double? {
        guard timestamp != verbatim_av_no_timestamp, base.num > 0, base.den > 0 else { return nil }
        return Double(timestamp) * Double(base.num) / Double(base.den)
    }

    private static func claim(_ duration: Int64, _ base: AVRational) -> Double? {
        seconds(duration, base).flatMap { $0 > 0 ? $0 : nil }
    }
}
