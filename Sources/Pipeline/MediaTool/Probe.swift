import CAV

/// `verbatim-media probe`: what the file is, how long, and whether anything is to be heard.
struct Probe {
    /// Seconds: a file that claims no more is decoded whole, up to here.
    let decodeUpTo: Double

    /// Seconds that are decoded of a longer one: enough to know that it can be.
    private static let headSeconds = 30.0
    /// Bytes a second below which no speech codec goes: a claim that would need less is a lie, and not believed.
    private static let leastByteRate = 500.0

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
            return object.text
        }

        /// Bounded: a claim may be any number.
        private static func milliseconds(_ seconds: Double) -> Int64 {
            Int64(min(max(seconds, 0) * 1000, 0x1p53).rounded())
        }
    }

    func report(on input: DescriptorInput) throws -> Report {
        let reader = try AudioReader(Demuxer(input))
        let demuxer = reader.demuxer
        let end = secondsToDecode(of: demuxer)
        var timeline = Timeline(claimedSeconds: demuxer.claimedSeconds)
        var channels = 0
        var sampleRate = 0
        var isHeard = false
        var isComplete = true

        while let frame = reader.next() {
            _ = timeline.silence(before: demuxer.time(of: frame))
            guard timeline.position < end else {
                isComplete = false
                break
            }
            timeline.advance(samples: frame.pointee.nb_samples, rate: frame.pointee.sample_rate)
            channels = max(channels, Int(frame.pointee.ch_layout.nb_channels))
            sampleRate = max(sampleRate, Int(frame.pointee.sample_rate))
            if !isHeard { isHeard = Loudness.isHeard(frame) }
        }
        guard channels > 0 else { throw Refusal(.decodeFailed, "no audio frame can be decoded") }
        return Report(
            container: demuxer.container, codec: demuxer.codecName, channels: channels, sampleRate: sampleRate,
            claimedSeconds: demuxer.claimedAudioSeconds, decodedSeconds: min(timeline.position, end),
            estimatedSeconds: isComplete ? nil : estimate(timeline.position, of: input), isComplete: isComplete,
            isSilent: isComplete && !isHeard, damagedFrames: reader.damagedFrames)
    }

    private func secondsToDecode(of demuxer: Demuxer) -> Double {
        guard let claimed = demuxer.claimedAudioSeconds, claimed > decodeUpTo else { return decodeUpTo }
        let isPlausible = Double(demuxer.input.size) / claimed >= Self.leastByteRate
        return isPlausible ? min(Self.headSeconds, decodeUpTo) : decodeUpTo
    }

    /// How long the file would be if the rest were like what was read so far.
    private func estimate(_ seconds: Double, of input: DescriptorInput) -> Double? {
        guard input.position > 0 else { return nil }
        return seconds * Double(input.size) / Double(min(input.position, input.size))
    }
}
