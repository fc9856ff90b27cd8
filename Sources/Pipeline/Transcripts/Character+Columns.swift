// How wide a character is, and whether its script separates words by spaces.

extension Character {
    /// Columns on a screen: 2 for East Asian wide characters and emoji, 0 for invisible ones, else 1.
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.value < 0x300 && utf8.count <= 2 { return 1 }
        if first.isWide || first.properties.isEmojiPresentation { return 2 }
        // Keycaps and emoji sequences. Flags are pairs of regional indicators, which are wide.
        if unicodeScalars.contains(where: { $0.value == 0xFE0F || $0.value == 0x200D }) && unicodeScalars.count > 1 {
            return 2
        }
        return first.properties.generalCategory == .format ? 0 : 1
    }

    /// Whether its script writes no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
    var isWrittenWithoutSpaces: Bool {
        guard let value = unicodeScalars.first?.value, value >= 0xE00 else { return false }
        switch value {
        case 0xE00...0xEFF, 0x1000...0x109F, 0x1780...0x17FF: return true
        case 0x2E80...0x312F, 0x31A0...0xA4CF, 0xF900...0xFAFF, 0xFF01...0xFF9F, 0x20000...0x3FFFD: return true
        default: return false
        }
    }
}

extension Unicode.Scalar {
    /// Whether its East Asian width is W or F, by Unicode's blocks.
    fileprivate var isWide: Bool {
        switch value {
        case ..<0x1100: false
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3: true
        case 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6: true
        case 0x1F1E6...0x1F1FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD: true
        default: false
        }
    }
}

extension String {
    var columns: Int { reduce(0) { $0 + $1.columns } }
}
