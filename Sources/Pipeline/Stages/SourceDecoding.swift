/// Decodes a source into the spool, hears which of its channels are to be recognized, and where somebody speaks in them.
struct SourceDecoding: Sendable {
    let media: MediaToolClient
    let path: String
    /// The plan's cap.
    let maxSamples: Int64
    /// What can be billed; nil where all of it can. What would not be paid for is not worked on.
    let affordableSamples: Int64?
    /// Samples after which it is no short recording; nil where that is known already.
    let shortSamples: Int64?

    /// - Throws: ``JobFailure`` when the source cannot be decoded, is longer than allowed, or silent; ``PreparationIsLong``.
    func run(to pcm: PCMFile, _ search: SpeechDetector) async throws -> DecodedSignal {
        pcm.channels == 1 ? try await runMono(pcm, search) : try await runStereo(pcm, search)
    }

    /// One channel: speech is looked for while the decoder is at work.
    private func runMono(_ pcm: PCMFile, _ search: SpeechDetector) async throws -> DecodedSignal {
        let (blocks, feed) = AsyncStream<Range<Int64>>.makeStream()
        async let speech = search.speech(in: blocks, of: .mixed)
        var (written, offered) = (Int64(0), Int64(0))
        let decoded: DecodedAudio
        do {
            decoded = try await decode(.mono) { bytes in
                try await pcm.append(bytes)
                written += Int64(bytes.count / Samples.bytesEach)
                while written - offered >= SpeechDetector.block {
                    feed.yield(offered..<offered + SpeechDetector.block)
                    offered += SpeechDetector.block
                }
            }
        } catch {
            feed.finish()
            throw error
        }
        if offered < decoded.samples { feed.yield(offered..<decoded.samples) }
        feed.finish()
        return DecodedSignal(decoded: decoded, voices: [.init(channel: .mixed, speech: try await speech)])
    }

    /// Two channels: whether they are two voices is known at the end.
    private func runStereo(_ pcm: PCMFile, _ search: SpeechDetector) async throws -> DecodedSignal {
        var comparison = ChannelComparison()
        let decoded = try await decode(.stereo) { bytes in
            comparison.add(bytes)
            try await pcm.append(bytes)
        }
        // More than two are a room, not two people; what comes of them is their mix.
        let channels = decoded.sourceChannels == 2 ? comparison.channels : [.mixed]
        var voices: [DecodedSignal.Voice] = []
        for channel in channels {
            let blocks = SpeechDetector.blocks(of: decoded.samples)
            voices.append(.init(channel: channel, speech: try await search.speech(in: blocks, of: channel)))
        }
        let heard = voices.filter { !$0.speech.isEmpty }
        // A channel of hiss is no speaker: the other one is then heard as if it were alone.
        return DecodedSignal(decoded: decoded, voices: heard.isEmpty ? Array(voices.prefix(1)) : heard)
    }

    private func decode(_ layout: ChannelLayout, sink: ([UInt8]) async throws -> Void) async throws -> DecodedAudio {
        let decoded: DecodedAudio
        let most = min(maxSamples, affordableSamples ?? .max)
        var bytes: Int64 = 0
        let short = shortSamples.map { $0 * Int64(Samples.bytesEach * layout.channels) } ?? .max
        do {
            decoded = try await media.decode(
                path: path, layout: layout, maxSamples: most, yieldsToOthers: shortSamples == nil
            ) { block in
                bytes += Int64(block.count)
                if bytes > short { throw PreparationIsLong() }
                try await sink(block)
            }
        } catch MediaError.invalidAudio(let reason, _) {
            throw JobFailure.invalidAudio(reason)
        }
        if decoded.isLimitReached {
            throw most < maxSamples ? JobFailure.quotaExceeded : .invalidAudio(.durationExceedsLimit)
        }
        if decoded.samples == 0 || decoded.isSilent { throw JobFailure.invalidAudio(.emptyAudio) }
        return decoded
    }
}

/// A source as it was decoded: how long it is, and who is to be recognized in it.
struct DecodedSignal: Sendable {
    struct Voice: Sendable {
        let channel: SourceChannel
        /// Samples from the start of the source: in order, apart from each other.
        let speech: [Range<Int64>]
    }

    let decoded: DecodedAudio
    /// Two where the channels hold two voices, else one.
    let voices: [Voice]

    var samples: Int64 { decoded.samples }

    /// What was chosen of the source, for the log; empty where there was nothing to choose and nothing was changed.
    var choices: [String: String] {
        var choices: [String: String] = [:]
        if decoded.tracks > 1 { choices["track"] = "\(decoded.track) of \(decoded.tracks)" }
        if voices.count == 1, let side = voices[0].channel.number { choices["channel"] = side == 0 ? "left" : "right" }
        if decoded.turnedSamples > 0 {
            choices["reversed_seconds"] = "\(Samples.billedSeconds(decoded.turnedSamples))"
        }
        if decoded.pausedSamples > 0 { choices["paused_seconds"] = "\(Samples.billedSeconds(decoded.pausedSamples))" }
        return choices
    }
}
