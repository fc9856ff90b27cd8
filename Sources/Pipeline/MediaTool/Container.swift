/// The containers that we accept, detected by content.
package enum Container: String {
    case mp3, wav, m4a, aac, ogg, opus, flac, webm, mp4, mov, mkv, avi, wmv

    /// The first names of libav's demuxers for these containers. No other demuxer ever gets the file: playlists, devices,
    /// image sequences and the rest of libav's three hundred demuxers stay out.
    static let demuxers = ["mp3", "wav", "w64", "mov", "aac", "ogg", "flac", "matroska", "avi", "asf"]

    /// The first bytes of documents and archives. libav skips bytes that it doesn't know, and would play an MP3 inside a ZIP.
    private static let foreignSignatures: [[UInt8]] = [
        Array("PK".utf8), Array("%PDF".utf8), Array("Rar!".utf8), Array("7z".utf8) + [0xBC, 0xAF], [0x1F, 0x8B],
        Array("BZh".utf8), [0xFD] + Array("7zXZ".utf8), [0x28, 0xB5, 0x2F, 0xFD], [0x7F] + Array("ELF".utf8),
    ]

    /// Determines the container from libav's demuxer and the first bytes of the file. Returns nil for a container that we don't accept.
    ///
    /// - Parameters:
    ///   - demuxer: libav's name of the demuxer, possibly a list such as `matroska,webm`.
    ///   - head: The file's first bytes, about 64.
    init?(demuxer: String, head: [UInt8]) {
        guard !Self.foreignSignatures.contains(where: head.starts) else { return nil }
        switch demuxer.prefix(while: { $0 != "," }) {
        case "mp3": self = .mp3
        case "wav", "w64": self = .wav
        case "aac": self = .aac
        case "flac": self = .flac
        case "avi": self = .avi
        case "asf": self = .wmv
        case "ogg": self = head.contains("OpusHead") ? .opus : .ogg
        case "matroska": self = head.contains("webm") ? .webm : .mkv
        case "mov": self = Self.ofBrand(head)
        default: return nil
        }
    }

    /// Returns the container that an ISO media file names in its first box. Files older than that rule are QuickTime.
    private static func ofBrand(_ head: [UInt8]) -> Container {
        guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return .mov }
        return switch String(decoding: head[8..<12], as: UTF8.self) {
        case "qt  ": .mov
        case "M4A ", "M4B ": .m4a
        default: .mp4
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let pattern = Array(text.utf8)
        return indices.contains { self[$0...].starts(with: pattern) }
    }
}
