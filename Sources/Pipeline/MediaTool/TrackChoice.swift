import CAV

/// Chooses which of several audio tracks to transcribe, by decoding the beginning of all of them.
///
/// It chooses the one that libav would play, unless that one has nothing clear and another has, such as when a recorder's input was
/// unused. It stops as soon as libav's track is clear.
final class TrackChoice {
    private let demuxer: Demuxer
    private let effort = Effort(limit: effortLimit)
    private var candidates: [Candidate] = []
    /// The track that libav would play.
    private let preferred: Int32?

    /// The maximum number of samples to decode of all tracks together: ten minutes of stereo at 48 kHz.
    private static let effortLimit: Int64 = 600 * 48_000 * 2
    /// The maximum number of tracks to decode, because each takes a decoder's memory. The preferred track comes on top if it starts late.
    private static let mostTracks = 16
    /// A track is clear if it has this many seconds of frames with clear sound.
    private static let enough = 0.5

    private struct Candidate {
        let track: AudioTrack
        let decoder: AudioDecoder
        let loudness: Loudness
        var heardSeconds = 0.0
        var clearSeconds = 0.0
    }

    /// - Parameter demuxer: A demuxer at the beginning of its file. It cannot be used afterward.
    init(_ demuxer: Demuxer) {
        self.demuxer = demuxer
        preferred = demuxer.tracks.first?.index
    }

    /// Returns libav's index of the chosen stream; nil if none can be decoded.
    func listen() throws -> Int32? {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw Refusal(.decodeFailed, "out of memory") }
        demuxer.listen(to: demuxer.tracks)
        while !effort.isSpent, !isDecided, demuxer.read(into: packet) {
            guard let number = candidate(packet.pointee.stream_index) else { continue }
            candidates[number].decoder.take(packet)
            hear(number)
        }
        for number in candidates.indices where !isDecided {
            candidates[number].decoder.endInput()
            hear(number)
        }
        return choice
    }

    private var isDecided: Bool {
        candidates.contains { $0.track.index == preferred && $0.clearSeconds >= Self.enough }
    }

    /// Returns the track's place among the candidates. Its first packet makes it a candidate; nil if it cannot become one.
    private func candidate(_ index: Int32) -> Int? {
        if let known = candidates.firstIndex(where: { $0.track.index == index }) { return known }
        let room = index == preferred ? Self.mostTracks + 1 : Self.mostTracks
        guard candidates.count < room, let track = demuxer.tracks.first(where: { $0.index == index }),
            let decoder = try? AudioDecoder(track)
        else { return nil }
        candidates.append(
            Candidate(track: track, decoder: decoder, loudness: Loudness(parameters: track.parameters)))
        return candidates.count - 1
    }

    private func hear(_ number: Int) {
        while case .frame(let frame) = candidates[number].decoder.next() {
            let channels = frame.pointee.ch_layout.nb_channels
            effort.countFrame(samples: frame.pointee.nb_samples, channels: channels)
            demuxer.effort.countFrame(samples: frame.pointee.nb_samples, channels: channels)
            guard candidates[number].loudness.isHeard(frame) else { continue }
            let seconds = Double(frame.pointee.nb_samples) / Double(frame.pointee.sample_rate)
            candidates[number].heardSeconds += seconds
            if Loudness.rises(frame, above: Loudness.clear) { candidates[number].clearSeconds += seconds }
        }
    }

    /// The preferred track, unless it has less than `enough` seconds of clear sound and another has more than twice as much. If the
    /// preferred track has no clear sound at all, and no other has any, the same is asked about sound above silence.
    private var choice: Int32? {
        let own = candidates.first { $0.track.index == preferred }
        let others = candidates.filter { $0.track.index != preferred }
        for seconds in [\Candidate.clearSeconds, \.heardSeconds] {
            let mine = own.map { $0[keyPath: seconds] } ?? 0
            let best = others.max { $0[keyPath: seconds] < $1[keyPath: seconds] }
            if mine < Self.enough, let best, best[keyPath: seconds] > 2 * mine { return best.track.index }
            if mine > 0 { break }
        }
        return own?.track.index ?? others.first?.track.index
    }
}
