import Pipeline

/// What somebody sees of a text, in whichever format.
enum ShownText {
    /// What a segment says, as far as it is visible: its words, or its text if it has none.
    static func said(in segment: Transcript.Segment) -> String {
        let words = visible(segment.words.map(\.text).joined())
        return words.isEmpty ? visible(segment.text) : words
    }

    /// The text without spaces, controls, noncharacters and the word joiners that SubRip needs.
    static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars
        where !scalar.properties.isWhitespace && !isControl(scalar) && ![0xFEFF, 0x2060].contains(scalar.value) {
            result.append(scalar)
        }
        return String(result)
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.value == 0x2028
            || scalar.properties.isNoncharacterCodePoint
    }

    /// Never more than a screen needs for the letters of `RandomTranscript`.
    static func columns(_ text: String) -> Int {
        text.reduce(0) { sum, character in
            switch character.unicodeScalars.first?.value ?? 0 {
            case 0x200B...0x200F, 0x2060: sum
            case 0x2E80...0x9FFF, 0xAC00...0xD7A3, 0xFF00...0xFF60, 0x1F1E6...0x1FFFF: sum + 2
            default: sum + 1
            }
        }
    }
}
