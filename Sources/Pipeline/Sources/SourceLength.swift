import Egress

/// A guess at the length of a recording at a URL, from its size and type alone: nothing is downloaded.
package enum SourceLength {
    private static let timeout = Duration.seconds(10)

    /// Usual bytes a second, by the beginning of the media type. The first one that fits counts.
    private static let rates: [(type: String, bytesPerSecond: Int64)] = [
        ("audio/wav", 176_400), ("audio/x-wav", 176_400), ("audio/vnd.wave", 176_400), ("audio/wave", 176_400),
        ("audio/flac", 80_000), ("audio/x-flac", 80_000), ("audio/ogg", 8_000), ("audio/opus", 8_000),
        ("audio/webm", 8_000), ("audio/", 16_000), ("video/", 250_000),
    ]

    /// Returns whole seconds; nil if the server does not say how large the recording is, or that it is one.
    package static func guess(_ url: SourceURL, over egress: EgressClient) async -> Int64? {
        let request = EgressRequest(
            method: "HEAD", url: url.text,
            limits: EgressLimits(total: timeout, connect: timeout, responseBytes: 1 << 16), redirects: 5,
            trust: .customerSupplied)
        guard let answer = try? await egress.send(request), (200..<300).contains(answer.status),
            let bytes = answer.headers["Content-Length"].flatMap({ Int64($0) }), bytes > 0,
            let type = answer.headers["Content-Type"]?.lowercased(),
            let rate = rates.first(where: { type.hasPrefix($0.type) })
        else { return nil }
        return max(1, bytes / rate.bytesPerSecond)
    }
}
