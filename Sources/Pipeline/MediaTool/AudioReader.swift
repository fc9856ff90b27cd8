import CAV

/// Reads a file's chosen audio track as decoded frames, one after the other.
final class AudioReader {
    let demuxer: Demuxer
    let track: AudioTrack
    /// Whether the effort ran out before the end of the file.
    private(set) var isCutShort = false
    /// Number of packets and frames that could not be decoded and were skipped.
    var damagedFrames: Int64 { decoder.damagedFrames }

    private let decoder: AudioDecoder
    private let effort: Effort
    private var packet: UnsafeMutablePointer<AVPacket>?

    /// Opens the file. If it has several audio tracks, decodes the beginning of all of them to choose one.
    ///
    /// - Throws: `Refusal`.
    init(_ descriptor: Int32, size: Int64, effort: Effort) throws {
        let first = try Demuxer(DescriptorInput(descriptor: descriptor, size: size), effort: effort)
        if let preferred = first.tracks.first, first.tracks.count > 1 {
            let chosen = try TrackChoice(first).listen() ?? preferred.index
            // The choice has consumed the start of the file, so open it again.
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

    /// Returns the next usable frame, valid until the next call; nil at the end of the file or when the effort is spent.
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

    /// Returns when the frame starts, in seconds from the start of the source; nil if the frame has no time stamp.
    func time(of frame: UnsafeMutablePointer<AVFrame>) -> Double? {
        demuxer.time(frame.pointee.best_effort_timestamp, of: track)
    }

    /// Position of the chosen track among the audio tracks, counted from 1.
    var trackNumber: Int {
        let inOrder = demuxer.tracks.map(\.index).sorted()
        return (inOrder.firstIndex(of: track.index) ?? 0) + 1
    }
}
