// Which way a paragraph runs. Recordings mix languages, so its own letters decide before the recording's language does.

extension String {
    /// Whether most of its letters belong to scripts written from right to left.
    /// - Parameter otherwise: the answer for a text without letters, and for one that is half and half.
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
    /// Letters of Hebrew, Arabic, Syriac, Thaana, N'Ko and the other blocks that Unicode keeps for such scripts.
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
