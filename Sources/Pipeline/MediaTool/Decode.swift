import CAV

/// `verbatim-media decode`: the whole audio as 16 kHz samples, in step with the source's clock.
struct Decode {
    let channels: Int
    /// Samples per channel after which it stops.
    let maxSamples: Int64

    struct Trailer {
        /// Samples per channel.
        let samples: Int64
        let channels: Int
        let sourceChannels: Int
        let limitReached: Bool
        /// Nothing above silence was written.
        let silent: Bool
        let damagedFrames: Int64

        var json: String {
            var object = JSONObject()
            object["samples"] = .integer(samples)
            object["channels"] = .integer(Int64(channels))
            object["source_channels"] = .integer(Int64(sourceChannels))
            object["limit_reached"] = .boolean(limitReached)
            object["silent"] = .boolean(silent)
            object["damaged_frames"] = .integer(damagedFrames)
            return object.text
        }
    }

    func run(on input: DescriptorInput) throws -> Trailer {
        let reader = try AudioReader(Demuxer(input))
        let resampler = Resampler(channels: channels)
        let writer = SampleWriter(channels: channels, limit: maxSamples)
        var timeline = Timeline(claimedSeconds: reader.demuxer.claimedSeconds)
        var sourceChannels = 0
        var unconverted: Int64 = 0

        while !writer.limitReached, let frame = reader.next() {
            let silence = timeline.silence(before: reader.demuxer.time(of: frame))
            if silence > 0 {
                // The filter must not smear what was before the pause over it.
                try resampler.drain(sink: writer.append)
                try writer.appendSilence(Int64(min(silence * Double(Resampler.rate), 0x1p60)))
            }
            timeline.advance(samples: frame.pointee.nb_samples, rate: frame.pointee.sample_rate)
            if try resampler.convert(frame, sink: writer.append) {
                sourceChannels = max(sourceChannels, Int(frame.pointee.ch_layout.nb_channels))
            } else {
                unconverted += 1
            }
        }
        try resampler.drain(sink: writer.append)
        guard sourceChannels > 0 else { throw Refusal(.decodeFailed, "no audio frame can be decoded") }
        try writer.finish()
        return Trailer(
            samples: writer.samples, channels: channels, sourceChannels: sourceChannels,
            limitReached: writer.limitReached, silent: !writer.isHeard,
            damagedFrames: reader.damagedFrames + unconverted)
    }
}
