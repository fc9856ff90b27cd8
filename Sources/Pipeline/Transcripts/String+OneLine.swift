// Recognized text may contain anything. Formats made of lines get it without line ends and control characters.

extension Unicode.Scalar {
    /// Whether text may be split here: at spaces, line ends, control characters, byte-order marks and what is no character (XML and FFmpeg refuse files
    /// with U+FFFF), but not at no-break spaces.
    var isSeparator: Bool {
        if value < 0x80 { return value <= 0x20 || value == 0x7F }
        switch value {
        case 0x80...0x9F, 0xFEFF, 0xFDD0...0xFDEF: return true
        case 0xA0, 0x2007, 0x202F: return false
        default: return value & 0xFFFE == 0xFFFE || properties.isWhitespace
        }
    }

    fileprivate var isNoBreakSpace: Bool { value == 0xA0 || value == 0x2007 || value == 0x202F }
}

extension String {
    /// The parts between separators, without empty or blank ones.
    var unbrokenParts: [String] {
        unicodeScalars.split(whereSeparator: \.isSeparator).compactMap { part in
            // A part with only no-break spaces would look like a blank line.
            part.allSatisfy(\.isNoBreakSpace) ? nil : String(part)
        }
    }

    /// The text with each run of separators replaced by one space, and trimmed.
    var onOneLine: String { unbrokenParts.joined(separator: " ") }
}
