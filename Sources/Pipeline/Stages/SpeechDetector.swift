/// Detects speech in a decoded signal, block by block, while the rest of it may still be decoded.
struct SpeechDetector: Sendable {
    /// The length of a block in samples. Long enough that the detector's start in each block does not matter, short enough for memory.
    static let block = 300 * Samples.perSecond
    /// A shorter pause, in samples, does not split speech. So speech that continues across the border of two blocks is one span.
    private static let shortestPause = Samples.perSecond / 5

    let server: ModelServer
    let pcm: PCMFile
    /// How many blocks are processed at the same time. The detector uses one core for each.
    let blocksAtOnce: Int

    /// Returns where there is speech in `blocks` of `channel`, in samples from the start of the recording: in order, without overlap.
    func speech(in blocks: AsyncStream<Range<Int64>>, of channel: SourceChannel) async throws -> [Range<Int64>] {
        let found = try await withThrowingTaskGroup(of: [Range<Int64>].self) { group in
            var found: [Range<Int64>] = []
            var running = 0
            for await block in blocks {
                if running == blocksAtOnce {
                    found += try await group.next() ?? []
                    running -= 1
                }
                running += 1
                group.addTask {
                    let heard = try await server.speech(in: try await pcm.wav(block, of: channel))
                    return heard.map { $0.samples(from: block.lowerBound).clamped(to: block) }
                }
            }
            try Task.checkCancellation()
            for try await spans in group { found += spans }
            return found
        }
        return Self.joined(found.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound })
    }

    /// Returns the blocks of a signal that is completely decoded.
    static func blocks(of total: Int64) -> AsyncStream<Range<Int64>> {
        AsyncStream { continuation in
            for start in stride(from: 0, to: total, by: Int64.Stride(block)) {
                continuation.yield(start..<min(total, start + block))
            }
            continuation.finish()
        }
    }

    private static func joined(_ spans: [Range<Int64>]) -> [Range<Int64>] {
        spans.reduce(into: []) { joined, span in
            if let last = joined.last, span.lowerBound - last.upperBound < shortestPause {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, span.upperBound)
            } else {
                joined.append(span)
            }
        }
    }
}

extension ModelServer.SpeechSpan {
    /// Returns the span in samples, for audio that begins at `start`.
    fileprivate func samples(from start: Int64) -> Range<Int64> {
        let first = Self.sample(at: self.start)
        return (start + first)..<(start + max(first, Self.sample(at: end)))
    }

    /// Converts seconds to samples, at most a day, because a number beyond `Int64` must not crash this process.
    private static func sample(at seconds: Double) -> Int64 {
        guard seconds.isFinite else { return 0 }
        return Int64(min(max(0, seconds), 86_400) * Double(Samples.perSecond))
    }
}
