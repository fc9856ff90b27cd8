// The direction of a paragraph. Recordings mix languages, so the paragraph's own letters decide first, then the recording's language.

extension String {
    /// Returns whether most letters belong to scripts written from right to left.
    ///
    /// - Parameter otherwise: The result for a text without letters, or with as many of each kind.
    func runsRightToLeft(otherwise: Bool) -> Bool {
        var balance = 0
        for scalar in unicodeScalars {
            if scalar.isRightToLeft {
                balance += 1
            } else if scalar.isASCII ? scalar.isASCIILetter : scalar.properties.isAlphabetic {
                balance -= 1
            }
        }
        return balance == 0 ? otherwise : balance > 0
    }
}

extension Unicode.Scalar {
    /// Whether this is a letter of Hebrew, Arabic, Syriac, Thaana, N'Ko or another of Unicode's blocks for scripts written from right to left.
    fileprivate var isRightToLeft: Bool {
        switch value {
        case ..<0x590: false
        case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
            properties.isAlphabetic
        default: false
        }
    }

    fileprivate var isASCIILetter: Bool { (0x61...0x7A).contains(value | 0x20) }
}
