import CAV

/// `verbatim-media probe`: what the file is, how long, and whether anything is to be heard.
///
/// What it costs is bounded by `Effort`: what lies beyond is judged by what the container claims, as of a longer file.
struct Probe {
    /// Seconds: a file that claims no more is decoded whole, up to here.
    let decodeUpTo: Double

    /// Seconds that are decoded of a longer one: enough to know that it can be.
    private static let headSeconds = 30.0

    struct Report {
        let container: Container
        let codec: String
        let channels: Int
        let sampleRate: Int
        let claimedSeconds: Double?
        let decodedSeconds: Double
        let estimatedSeconds: Double?
        let isComplete: Bool
        let isSilent: Bool
        let damagedFrames: Int64
        /// Which of the source's audio tracks is heard, from 1.
        let track: Int
        let tracks: Int

        var json: String {
            var object = JSONObject()
            object["container"] = .string(container.rawValue)
            object["codec"] = .string(codec)
            object["channels"] = .integer(Int64(channels))
            object["sample_rate"] = .integer(Int64(sampleRate))
            object["claimed_duration_ms"] = .integer(claimedSeconds.map(Self.milliseconds))
            object["decoded_duration_ms"] = .integer(Self.milliseconds(decodedSeconds))
            object["estimated_duration_ms"] = .integer(estimatedSeconds.map(Self.milliseconds))
            object["complete"] = .boolean(isComplete)
            object["silent"] = .boolean(isSilent)
            object["damaged_frames"] = .integer(damagedFrames)
            object["track"] = .integer(Int64(track))
            object["tracks"] = .integer(Int64(tracks))
            return object.text
        }

        /// Bounded: a claim may be any number.
        private static func milliseconds(_ seconds: Double) -> Int64 {
            Int64(min(max(seconds, 0) * 1000, 0x1p53).rounded())
        }
    }

    func report(on input: Input) throws -> Report {
        let reader = try AudioReader(input.descriptor, size: input.size, effort: Effort(limit: Effort.ofProbe))
        let claim = reader.demuxer.claim(of: reader.track)
        let loudness = Loudness(parameters: reader.track.parameters)
        let end = claim.plausible.map { $0 > decodeUpTo ? min(Self.headSeconds, decodeUpTo) : decodeUpTo } ?? decodeUpTo
        var timeline = Timeline(statedSeconds: claim.stated)
        var channels = 0
        var sampleRate = 0
        var isHeard = false
        var isComplete = true

        while let frame = reader.next() {
            guard timeline.position < end else {
                isComplete = false
                break
            }
            let seconds = Double(frame.pointee.nb_samples) / Double(frame.pointee.sample_rate)
            _ = timeline.place(reader.time(of: frame), seconds: seconds)
            channels = max(channels, Int(frame.pointee.ch_layout.nb_channels))
            sampleRate = max(sampleRate, Int(frame.pointee.sample_rate))
            if !isHeard { isHeard = loudness.isHeard(frame) }
        }
        if reader.isCutShort { isComplete = false }
        if isComplete { _ = timeline.end() }
        guard channels > 0 else { throw Refusal(.decodeFailed, "no audio frame can be decoded") }
        let estimate = isComplete ? nil : estimate(timeline, of: reader.demuxer.input)
        // A claim that the file is too small for is believed when its time stamps bear it out.
        let isClaimUsed = isComplete || claim.plausible != nil || timeline.pauses > 0
        return Report(
            container: reader.demuxer.container, codec: reader.track.codecName, channels: channels,
            sampleRate: sampleRate,
            claimedSeconds: isClaimUsed ? claim.nearest(to: estimate ?? timeline.position) : nil,
            decodedSeconds: timeline.position, estimatedSeconds: estimate, isComplete: isComplete,
            isSilent: isComplete && !isHeard, damagedFrames: reader.damagedFrames, track: reader.trackNumber,
            tracks: reader.demuxer.tracks.count)
    }

    /// How long the file would be if the rest were like what was read so far.
    private func estimate(_ timeline: Timeline, of input: DescriptorInput) -> Double? {
        guard input.position > 0 else { return nil }
        let sound = timeline.position - timeline.pauses
        return timeline.pauses + sound * Double(input.size) / Double(min(input.position, input.size))
    }
}
