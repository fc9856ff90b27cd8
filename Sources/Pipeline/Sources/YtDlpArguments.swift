import Egress
import Foundation

/// The child's input: yt-dlp's arguments, and the limits that `ingest/child.py` sets for itself.
struct YtDlpArguments: Sendable {
    /// The maximum size of all its files together. While yt-dlp joins fragments, they exist beside the whole file.
    let diskBytes: Int64
    private let document: Document

    private struct Document: Encodable, Sendable {
        let arguments: [String]
        let folder: String
        /// Further folders from which code may be read, besides yt-dlp's own.
        let plugins: [String]
        let proxy_port: UInt16
        let file_bytes, memory_bytes, cpu_seconds, wall_seconds: Int64
    }

    init(
        url: SourceURL, limits: FetchLimits, folder: String, proxy: FilteringProxy, extractors: YtDlp.Extractors,
        wallClock: Duration
    ) {
        diskBytes = limits.bytes + limits.bytes / 20 + (8 << 20)
        document = Document(
            arguments: Self.arguments(url, limits, folder, proxy, extractors), folder: folder,
            plugins: extractors.plugins.map { [$0] } ?? [], proxy_port: proxy.port,
            // One byte more than allowed, so that too large a file is noticed.
            file_bytes: limits.bytes + 1, memory_bytes: 2 << 30, cpu_seconds: 600,
            wall_seconds: max(1, wallClock.components.seconds))
    }

    /// Returns the input as one line of JSON.
    func line() throws -> [UInt8] { Array(try JSONEncoder().encode(document)) + [UInt8(ascii: "\n")] }

    private static func arguments(
        _ url: SourceURL, _ limits: FetchLimits, _ folder: String, _ proxy: FilteringProxy,
        _ extractors: YtDlp.Extractors
    ) -> [String] {
        let plugins = extractors.plugins.map { ["--plugin-dirs", $0] } ?? []
        return ["--ignore-config", "--no-plugin-dirs"] + plugins + [
            "--no-remote-components", "--no-cache-dir", "--no-playlist", "--playlist-items", "1",
            "--use-extractors", extractors.names,
            "--proxy", proxy.url, "--socket-timeout", "\(max(1, limits.connect.components.seconds))", "--retries", "2",
            "--max-filesize", "\(limits.bytes)",
            // Accepts an unknown length. As always, the decoded length counts in the end.
            "--break-match-filters", "!is_live & duration<=?\(limits.longest + 1)",
            "-f", "ba/b", "--no-exec", "--abort-on-error", "--no-progress", "--no-mtime",
            // With a missing fragment, the transcript would have a gap, but would be billed like a complete one.
            "--abort-on-unavailable-fragments",
            // Otherwise yt-dlp would start programs that do not use the proxy.
            "--fixup", "never", "--downloader", "native",
            "-P", folder, "-o", "a.%(ext)s", "--no-simulate",
            // Printed before the filter, so that the reason of a rejection is known.
            "--print", "pre_process:%(.{id,extractor_key,duration,is_live,live_status})j",
            "--print", "after_move:%(.{id,extractor_key,duration,filepath})j",
            "--", url.text,
        ]
    }
}
