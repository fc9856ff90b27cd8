/// What is at a URL, by the response's `Content-Type` and its first bytes. If they disagree, the bytes count.
package enum SourceKind: Equatable, Sendable {
    /// A media file, or something that only the media tool can recognize.
    case media
    /// A podcast's feed.
    case feed
    /// A web page. yt-dlp may find media in it.
    case page

    /// - Parameters:
    ///   - contentType: the whole header field.
    ///   - beginning: the body's first bytes.
    package init(contentType: String?, beginning: [UInt8]) {
        let type = (contentType ?? "").prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        if Self.hasMediaSignature(beginning) {
            self = .media
        } else if Self.isFeed(type, beginning) {
            self = .feed
        } else if Self.lists.contains(type) || type.hasPrefix("text/") || type.hasPrefix("image/")
            || type.hasSuffix("+xml") || type.hasSuffix("/xml") || type.hasSuffix("json") || Self.isMarkup(beginning)
        {
            self = .page
        } else {
            // Audio, video, and unknown types. The media tool will decide.
            self = .media
        }
    }

    /// Types that are not media: playlists, which only name other URLs, and documents.
    private static let lists: Set<String> = [
        "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls",
        "application/dash+xml", "application/pdf", "application/javascript", "application/xhtml+xml",
    ]

    private static func hasMediaSignature(_ bytes: [UInt8]) -> Bool {
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { bytes.dropFirst(offset).starts(with: $0) }
        }
        if has("ID3") || has("OggS") || has("fLaC") || has("ftyp", at: 4) || has("moov", at: 4) { return true }
        if has("RIFF"), has("WAVE", at: 8) || has("AVI ", at: 8) { return true }
        // Matroska and WebM; ASF.
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) || bytes.starts(with: [0x30, 0x26, 0xB2, 0x75]) {
            return true
        }
        // The frame sync of MPEG audio and of AAC.
        return bytes.count > 2 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0 && bytes[1] != 0xFF && bytes[1] != 0xFE
    }

    private static func isFeed(_ type: String, _ bytes: [UInt8]) -> Bool {
        if type == "application/rss+xml" || type == "application/atom+xml" { return true }
        guard isMarkup(bytes), type != "text/html" || text(bytes).hasPrefix("<?xml") else { return false }
        let text = text(bytes)
        return ["<rss", "<feed", "<rdf:RDF"].contains { text.contains($0) } && !text.contains("<html")
    }

    private static func isMarkup(_ bytes: [UInt8]) -> Bool { text(bytes).first == "<" }

    private static func text(_ bytes: [UInt8]) -> Substring {
        String(decoding: bytes, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    }
}
