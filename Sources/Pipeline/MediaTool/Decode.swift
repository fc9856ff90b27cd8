import CAV
import Glibc
import JSON

/// `verbatim-media decode`: the whole audio as 16 kHz samples, in step with the source's clock.
package struct Decode {
    let channels: Int
    /// Decoding stops after this many samples per channel.
    let maxSamples: Int64
    /// Where the samples are written.
    let output: Int32

    package init(channels: Int, maxSamples: Int64, output: Int32 = STDOUT_FILENO) {
        self.output = output
        self.channels = channels
        self.maxSamples = maxSamples
    }

    package struct Trailer {
        /// Samples per channel.
        package let samples: Int64
        let channels: Int
        let sourceChannels: Int
        let limitReached: Bool
        /// Whether nothing louder than silence was decoded.
        let silent: Bool
        let damagedFrames: Int64
        /// Position of the decoded track among the source's audio tracks, counted from 1.
        let track: Int
        let tracks: Int
        /// Number of samples during which a channel was inverted relative to another.
        let turnedSamples: Int64
        /// Number of samples of silence that the source's time stamps asked for.
        let pausedSamples: Int64

        package var json: String {
            var writer = JSONWriter(capacity: 512)
            writer.object { json in
                json.key("samples")
                json.integer(samples)
                json.key("channels")
                json.integer(channels)
                json.key("source_channels")
                json.integer(sourceChannels)
                json.key("limit_reached")
                json.flag(limitReached)
                json.key("silent")
                json.flag(silent)
                json.key("damaged_frames")
                json.integer(damagedFrames)
                json.key("track")
                json.integer(track)
                json.key("tracks")
                json.integer(tracks)
                json.key("turned_samples")
                json.integer(turnedSamples)
                json.key("paused_samples")
                json.integer(pausedSamples)
            }
            return writer.text
        }
    }

    package func run(on input: Input) throws -> Trailer {
        let reader = try AudioReader(input.descriptor, size: input.size, effort: Effort(limit: .max))
        let loudness = Loudness(parameters: reader.track.parameters)
        let writer = SampleWriter(channels: channels, limit: maxSamples, output: output)
        let leveler = Leveler(outputs: channels, writer: writer)
        let mixer = Mixer(outputs: channels, sink: leveler.append)
        let resampler = Resampler()
        var timeline = Timeline(statedSeconds: reader.demuxer.claim(of: reader.track).stated)
        var sourceChannels = 0
        var isHeard = false
        var unconverted: Int64 = 0

        func carryOut(_ steps: [Timeline.Step]) throws {
            guard !steps.isEmpty else { return }
            // Otherwise the resampler's filter would smear the sound before the pause into it.
            try resampler.drain(sink: mixer.append)
            try mixer.flush()
            for step in steps {
                switch step {
                case .pause(let seconds): try leveler.appendSilence(Self.samples(seconds))
                case .hold: leveler.hold()
                case .release(let seconds): try leveler.release(pause: Self.samples(seconds))
                }
            }
        }

        while !writer.limitReached, let frame = reader.next() {
            let seconds = Double(frame.pointee.nb_samples) / Double(frame.pointee.sample_rate)
            try carryOut(timeline.place(reader.time(of: frame), seconds: seconds))
            if !isHeard { isHeard = loudness.isHeard(frame) }
            if try resampler.convert(frame, until: { writer.limitReached }, sink: mixer.append) {
                sourceChannels = max(sourceChannels, Int(frame.pointee.ch_layout.nb_channels))
            } else {
                unconverted += 1
            }
        }
        try carryOut(timeline.end())
        try resampler.drain(sink: mixer.append)
        try mixer.flush()
        try leveler.finish()
        guard sourceChannels > 0 else { throw Refusal(.decodeFailed, "no audio frame can be decoded") }
        try writer.finish()
        return Trailer(
            samples: writer.samples, channels: channels, sourceChannels: sourceChannels,
            limitReached: writer.limitReached, silent: !isHeard, damagedFrames: reader.damagedFrames + unconverted,
            track: reader.trackNumber, tracks: reader.demuxer.tracks.count, turnedSamples: mixer.turnedSamples,
            pausedSamples: Self.samples(timeline.pauses))
    }

    private static func samples(_ seconds: Double) -> Int64 {
        Int64(min(max(0, seconds) * Double(Resampler.rate), 0x1p60))
    }
}
