/// Text of unknown encoding, decoded to be shown.
enum UnknownEncodingText {
    /// Decodes UTF-8, even if a client cut it in the middle of a character; anything else as Windows-1252. Never fails.
    static func decoded(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let repaired = String(decoding: bytes, as: UTF8.self)
        // Text in another encoding hardly ever contains a complete UTF-8 sequence.
        let isUTF8 = repaired.unicodeScalars.contains { $0.value > 0x7F && $0 != "\u{FFFD}" }
        return isUTF8 ? repaired : windows1252(bytes)
    }

    static func windows1252(_ bytes: [UInt8]) -> String {
        String(
            String.UnicodeScalarView(
                bytes.map { (0x80...0x9F).contains($0) ? upper[Int($0) - 0x80] : Unicode.Scalar($0) }))
    }

    /// 0x80 to 0x9F, where ISO-8859-1 has control characters. Five of them are unassigned.
    private static let upper: [Unicode.Scalar] = [
        "\u{20AC}", "\u{FFFD}", "\u{201A}", "\u{0192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{02C6}",
        "\u{2030}", "\u{0160}", "\u{2039}", "\u{0152}", "\u{FFFD}", "\u{017D}", "\u{FFFD}", "\u{FFFD}", "\u{2018}",
        "\u{2019}", "\u{201C}", "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}", "\u{02DC}", "\u{2122}", "\u{0161}",
        "\u{203A}", "\u{0153}", "\u{FFFD}", "\u{017E}", "\u{0178}",
    ]
}
