import Egress
import Foundation

/// The child's input: yt-dlp's arguments, and the limits that `ingest/child.py` sets itself before it begins.
struct YtDlpArguments: Sendable {
    /// What all its files together may hold: pieces of the media lie beside the whole while they are put together.
    let diskBytes: Int64
    private let document: Document

    private struct Document: Encodable, Sendable {
        let arguments: [String]
        let folder: String
        /// Folders of code that may be read besides yt-dlp's own.
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
            // One byte more than allowed, so that it is seen.
            file_bytes: limits.bytes + 1, memory_bytes: 2 << 30, cpu_seconds: 600,
            wall_seconds: max(1, wallClock.components.seconds))
    }

    /// One line of JSON.
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
            // Of unknown length: what is decoded decides, as everywhere.
            "--break-match-filters", "!is_live & duration<=?\(limits.longest + 1)",
            "-f", "ba/b", "--no-exec", "--abort-on-error", "--no-progress", "--no-mtime",
            // What lacks a piece would be transcribed with a hole, and billed as whole.
            "--abort-on-unavailable-fragments",
            // Either would start a program that knows nothing of the proxy.
            "--fixup", "never", "--downloader", "native",
            "-P", folder, "-o", "a.%(ext)s", "--no-simulate",
            // Before the filter, so that a refusal can be told from another.
            "--print", "pre_process:%(.{id,extractor_key,duration,is_live,live_status})j",
            "--print", "after_move:%(.{id,extractor_key,duration,filepath})j",
            "--", url.text,
        ]
    }
}
