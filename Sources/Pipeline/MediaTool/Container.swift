/// The containers of the contract, told by content.
enum Container: String {
    case mp3, wav, m4a, aac, ogg, opus, flac, webm, mp4, mov, mkv, avi, wmv

    /// libav's demuxers for them, by the first of their names. No other demuxer ever gets the file: playlists, devices,
    /// picture sequences and the rest of libav's three hundred stay out.
    static let demuxers = ["mp3", "wav", "w64", "mov", "aac", "ogg", "flac", "matroska", "avi", "asf"]

    /// How documents and archives begin. libav looks past what it does not know, and would play an MP3 inside a ZIP.
    private static let foreignSignatures: [[UInt8]] = [
        Array("PK".utf8), Array("%PDF".utf8), Array("Rar!".utf8), Array("7z".utf8) + [0xBC, 0xAF], [0x1F, 0x8B],
        Array("BZh".utf8), [0xFD] + Array("7zXZ".utf8), [0x28, 0xB5, 0x2F, 0xFD], [0x7F] + Array("ELF".utf8),
    ]

    /// What libav's demuxer of that name reads, seen by the head of the file; nil for all that is not ours.
    ///
    /// - Parameters:
    ///   - demuxer: libav's name, possibly a list such as `matroska,webm`.
    ///   - head: The file's first bytes, 64 or so.
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

    /// ISO media files name their dialect in the first box; files older than that rule are QuickTime.
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
