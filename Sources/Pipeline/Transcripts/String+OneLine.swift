// Recognized text may hold anything. Formats made of lines get it without line ends and control characters.

extension Unicode.Scalar {
    /// Spaces, line ends, control characters and byte-order marks: where text may be taken apart.
    /// No-break spaces hold words together and are none.
    var isSeparator: Bool {
        if value < 0x80 { return value <= 0x20 || value == 0x7F }
        switch value {
        case 0x80...0x9F, 0xFEFF: return true
        case 0xA0, 0x2007, 0x202F: return false
        default: return properties.isWhitespace
        }
    }

    fileprivate var isNoBreakSpace: Bool { value == 0xA0 || value == 0x2007 || value == 0x202F }
}

extension String {
    /// The parts between separators; none is empty or blank.
    var unbrokenParts: [String] {
        unicodeScalars.split(whereSeparator: \.isSeparator).compactMap { part in
            // A part of nothing but no-break spaces would be a blank line in disguise.
            part.allSatisfy(\.isNoBreakSpace) ? nil : String(part)
        }
    }

    /// The text with every run of separators as one space, and none at the ends.
    var onOneLine: String { unbrokenParts.joined(separator: " ") }
}
