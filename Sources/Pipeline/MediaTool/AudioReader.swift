import CAV

/// The decoded frames of a file's one track that we listen to, one after the other.
final class AudioReader {
    let demuxer: Demuxer
    let track: AudioTrack
    /// The effort was spent before the end of the file.
    private(set) var isCutShort = false
    /// Packets and frames that could not be decoded and were left out.
    var damagedFrames: Int64 { decoder.damagedFrames }

    private let decoder: AudioDecoder
    private let effort: Effort
    private var packet: UnsafeMutablePointer<AVPacket>?

    /// Opens the file, and listens to its tracks where there are several, to choose among them.
    init(_ descriptor: Int32, size: Int64, effort: Effort) throws {
        let first = try Demuxer(DescriptorInput(descriptor: descriptor, size: size), effort: effort)
        if let preferred = first.tracks.first, first.tracks.count > 1 {
            let chosen = try TrackChoice(first).listen() ?? preferred.index
            // What was read is behind: afresh, from the beginning.
            demuxer = try Demuxer(DescriptorInput(descriptor: descriptor, size: size), effort: effort)
            track = demuxer.tracks.first { $0.index == chosen } ?? demuxer.tracks[0]
        } else {
            demuxer = first
            track = first.tracks[0]
        }
        self.effort = effort
        demuxer.listen(to: [track])
        decoder = try AudioDecoder(track)
        packet = av_packet_alloc()
        guard packet != nil else { throw Refusal(.decodeFailed, "out of memory") }
    }

    deinit {
        av_packet_free(&packet)
    }

    /// The next frame that can be used, valid until the next call; nil at the end.
    func next() -> UnsafeMutablePointer<AVFrame>? {
        guard let packet else { return nil }
        while true {
            switch decoder.next() {
            case .frame(let frame):
                effort.countFrame(samples: frame.pointee.nb_samples, channels: frame.pointee.ch_layout.nb_channels)
                return frame
            case .ended:
                return nil
            case .hungry:
                guard !effort.isSpent else {
                    isCutShort = true
                    return nil
                }
                if demuxer.read(into: packet) {
                    decoder.take(packet)
                } else if effort.isSpent {
                    isCutShort = true
                    return nil
                } else {
                    decoder.endInput()
                }
            }
        }
    }

    /// Seconds from the start of the source at which the frame is to be heard; nil when the file does not say.
    func time(of frame: UnsafeMutablePointer<AVFrame>) -> Double? {
        demuxer.time(frame.pointee.best_effort_timestamp, of: track)
    }

    /// Which of the audio tracks is heard, from 1.
    var trackNumber: Int {
        let inOrder = demuxer.tracks.map(\.index).sorted()
        return (inOrder.firstIndex(of: track.index) ?? 0) + 1
    }
}
