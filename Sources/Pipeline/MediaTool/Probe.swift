import CAV
import JSON

/// `verbatim-media probe`: reports what the file is, how long it is, and whether it is silent.
///
/// `Effort` limits the work. Once it is used up, the rest is not decoded: what the container states is believed, as for a longer file.
package struct Probe {
    /// In seconds. A file whose container states no more is decoded completely, but at most up to this position.
    let decodeUpTo: Double

    package init(decodeUpTo: Double = Double(wholeSeconds)) { self.decodeUpTo = decodeUpTo }

    /// Default of `decodeUpTo`, in seconds.
    package static let wholeSeconds: Int64 = 600
    /// Seconds of a longer file that are decoded: enough to know that it can be decoded.
    private static let headSeconds = 30.0

    package struct Report {
        package let container: Container
        package let codec: String
        package let channels: Int
        package let sampleRate: Int
        let claimedSeconds: Double?
        let decodedSeconds: Double
        let estimatedSeconds: Double?
        let isComplete: Bool
        let isSilent: Bool
        let damagedFrames: Int64
        /// Position of the chosen track among the source's audio tracks, counted from 1.
        let track: Int
        let tracks: Int

        package var json: String {
            var writer = JSONWriter(capacity: 512)
            writer.object { json in
                json.key("container")
                json.string(container.rawValue)
                json.key("codec")
                json.string(codec)
                json.key("channels")
                json.integer(channels)
                json.key("sample_rate")
                json.integer(sampleRate)
                json.key("claimed_duration_ms")
                json.integer(claimedSeconds.map(Self.milliseconds))
                json.key("decoded_duration_ms")
                json.integer(Self.milliseconds(decodedSeconds))
                json.key("estimated_duration_ms")
                json.integer(estimatedSeconds.map(Self.milliseconds))
                json.key("complete")
                json.flag(isComplete)
                json.key("silent")
                json.flag(isSilent)
                json.key("damaged_frames")
                json.integer(damagedFrames)
                json.key("track")
                json.integer(track)
                json.key("tracks")
                json.integer(tracks)
            }
            return writer.text
        }

        /// Clamped to 0...2^53, because a claim may be any number.
        private static func milliseconds(_ seconds: Double) -> Int64 {
            Int64(min(max(seconds, 0) * 1000, 0x1p53).rounded())
        }
    }

    package func report(on input: Input) throws -> Report {
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
        // If the file is too small for its claim, the claim counts only if the time stamps have pauses, or if everything was decoded.
        let isClaimUsed = isComplete || claim.plausible != nil || timeline.pauses > 0
        return Report(
            container: reader.demuxer.container, codec: reader.track.codecName, channels: channels,
            sampleRate: sampleRate,
            claimedSeconds: isClaimUsed ? claim.nearest(to: estimate ?? timeline.position) : nil,
            decodedSeconds: timeline.position, estimatedSeconds: estimate, isComplete: isComplete,
            isSilent: isComplete && !isHeard, damagedFrames: reader.damagedFrames, track: reader.trackNumber,
            tracks: reader.demuxer.tracks.count)
    }

    /// Returns how long the file would be, in seconds, if the rest were like what was read so far.
    private func estimate(_ timeline: Timeline, of input: DescriptorInput) -> Double? {
        guard input.position > 0 else { return nil }
        let sound = timeline.position - timeline.pauses
        return timeline.pauses + sound * Double(input.size) / Double(min(input.position, input.size))
    }
}
