import Billing

/// Decodes a recording into a local file, decides which channels to recognize, and detects speech in them.
struct SourceDecoding: Sendable {
    let media: MediaToolClient
    let path: String
    /// The plan's limit.
    let maxSamples: Int64
    /// What can be billed. Decoding stops there, because the rest would not be paid for.
    let room: MonthRoom
    /// After this many samples the recording counts as long; nil if it already does.
    let shortSamples: Int64?

    /// - Throws: ``JobFailure`` if the recording cannot be decoded, is longer than allowed, or is silent; ``PreparationIsLong``.
    func run(to pcm: PCMFile, _ search: SpeechDetector) async throws -> DecodedSignal {
        pcm.channels == 1 ? try await runMono(pcm, search) : try await runStereo(pcm, search)
    }

    /// Decodes one channel, and detects speech while the decoder is still working.
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

    /// Decodes two channels. Whether they are two voices is known only at the end.
    private func runStereo(_ pcm: PCMFile, _ search: SpeechDetector) async throws -> DecodedSignal {
        var comparison = ChannelComparison()
        let decoded = try await decode(.stereo) { bytes in
            comparison.add(bytes)
            try await pcm.append(bytes)
        }
        // More than two channels are a room, not two people, so their mix is recognized.
        let channels = decoded.sourceChannels == 2 ? comparison.channels : [.mixed]
        var voices: [DecodedSignal.Voice] = []
        for channel in channels {
            let blocks = SpeechDetector.blocks(of: decoded.samples)
            voices.append(.init(channel: channel, speech: try await search.speech(in: blocks, of: channel)))
        }
        let heard = voices.filter { !$0.speech.isEmpty }
        // A channel without speech is not a speaker, so the other one is then the only voice.
        return DecodedSignal(decoded: decoded, voices: heard.isEmpty ? Array(voices.prefix(1)) : heard)
    }

    private func decode(_ layout: ChannelLayout, sink: ([UInt8]) async throws -> Void) async throws -> DecodedAudio {
        let decoded: DecodedAudio
        let most = min(maxSamples, room.samples ?? .max)
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
            throw most < maxSamples ? JobFailure.quotaExceeded(room.limit) : .invalidAudio(.durationExceedsLimit)
        }
        if decoded.samples == 0 || decoded.isSilent { throw JobFailure.invalidAudio(.emptyAudio) }
        return decoded
    }
}

/// The result of decoding: the length of the recording, and the channels to recognize.
struct DecodedSignal: Sendable {
    struct Voice: Sendable {
        let channel: SourceChannel
        /// Where there is speech, in samples from the start of the recording: in order, without overlap.
        let speech: [Range<Int64>]
    }

    let decoded: DecodedAudio
    /// Two if the channels are two voices, else one.
    let voices: [Voice]

    var samples: Int64 { decoded.samples }

    /// Which track or channel was chosen, what was skipped and what was corrected, for the log; empty if nothing was.
    var choices: [String: String] {
        var choices: [String: String] = [:]
        if decoded.tracks > 1 { choices["track"] = "\(decoded.track) of \(decoded.tracks)" }
        if voices.count == 1, let side = voices[0].channel.number { choices["channel"] = side == 0 ? "left" : "right" }
        if decoded.turnedSamples > 0 {
            choices["reversed_seconds"] = "\(Samples.billedSeconds(decoded.turnedSamples))"
        }
        if decoded.pausedSamples > 0 { choices["paused_seconds"] = "\(Samples.billedSeconds(decoded.pausedSamples))" }
        if decoded.damagedFrames > 0 { choices["damaged_frames"] = "\(decoded.damagedFrames)" }
        return choices
    }
}

extension MonthRoom {
    /// The room in samples; nil: there is no limit.
    var samples: Int64? { seconds.map { min($0, 1 << 40) * Samples.perSecond } }
}
