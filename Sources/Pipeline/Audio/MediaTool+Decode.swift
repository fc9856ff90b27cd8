extension MediaTool {
    /// Samples per second of all that `decode` gives.
    package static let sampleRate: Int64 = 16_000

    /// Decodes a file to 16 kHz signed 16-bit little-endian samples, in step with the source's clock.
    ///
    /// - Parameters:
    ///   - path: A regular file; its name does not matter.
    ///   - layout: With `stereo`, left and right interleaved.
    ///   - yieldsToOthers: It takes long: whoever else needs the processor goes first.
    ///   - maxSamples: Samples per channel after which it stops, at least 1; reaching it is no error.
    ///   - sink: Gets the samples in order, always whole ones, a few ten thousand at a time. The child waits while it
    ///     works. What it throws ends the child and is thrown on.
    /// - Throws: `MediaError`; `CancellationError`; what `sink` throws. Samples may have been given before.
    nonisolated(nonsending) package func decode(
        path: String, layout: ChannelLayout, maxSamples: Int64, yieldsToOthers: Bool = false,
        sink: ([UInt8]) async throws -> Void
    ) async throws -> DecodedAudio {
        let frameBytes = layout.channels * MemoryLayout<Int16>.size
        var pending: [UInt8] = []
        let trailer = try await run(
            [
                "decode", "--layout", layout.rawValue, "--max-samples", "\(max(1, min(maxSamples, 1 << 40)))",
                "--cpu-seconds", "\(Self.cpuSeconds(forSamples: maxSamples))", "--nice", yieldsToOthers ? "10" : "0",
            ], path: path, patience: patience.decode
        ) { bytes in
            pending += bytes
            let whole = pending.count - pending.count % frameBytes
            guard whole > 0 else { return }
            let chunk = Array(pending[..<whole])
            pending.removeFirst(whole)
            try await sink(chunk)
        }
        guard pending.isEmpty else { throw MediaError.toolFailed("half a sample at the end") }
        return try Self.decodeJSON(DecodedAudio.self, from: trailer.utf8)
    }

    /// A slow machine decodes the slowest of our codecs at ten times the speed of sound, and some start-up.
    private static func cpuSeconds(forSamples samples: Int64) -> Int64 {
        min(120 + max(0, samples) / sampleRate / 10, 86_400)
    }
}
