/// A transcript's language as word processors want it: the tag, and the kind of script it is written in.
struct LanguageTag {
    /// How word processors group scripts; each group has a font and a language of its own in a style.
    enum Script {
        case western, eastAsian, complex
    }

    /// A BCP 47 tag; nothing but letters, digits and hyphens.
    let text: String
    let script: Script
    let isRightToLeft: Bool

    private static let rightToLeft: Set<String> = ["ar", "fa", "he", "ps", "sd", "ur", "yi"]
    private static let eastAsian: Set<String> = ["ja", "ko", "yue", "zh"]
    /// Beside those written from right to left: Thai, Lao, Khmer, Burmese, Tibetan and the scripts of India.
    private static let complex: Set<String> = [
        "as", "bn", "bo", "gu", "hi", "km", "kn", "lo", "ml", "mr", "my", "ne", "pa", "sa", "si", "ta", "te", "th",
    ]

    /// - Parameter code: as engines write it: "en", "en_us", "zh-TW". Nil when it is no language's code.
    init?(_ code: String) {
        var parts = code.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).map(String.init)
        // Whisper's code for Javanese was withdrawn long ago.
        if parts.first == "jw" { parts[0] = "jv" }
        guard let language = parts.first, (2...3).contains(language.utf8.count),
            parts.allSatisfy({ (1...8).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isLetterOrDigit) })
        else { return nil }
        for index in parts.indices.dropFirst() where parts[index].utf8.count == 2 {
            parts[index] = parts[index].uppercased()
        }
        text = parts.joined(separator: "-")
        isRightToLeft = Self.rightToLeft.contains(language)
        let isComplex = isRightToLeft || Self.complex.contains(language)
        script = Self.eastAsian.contains(language) ? .eastAsian : isComplex ? .complex : .western
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
