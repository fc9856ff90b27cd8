/// A transcript's language as word processors need it: the tag, and the kind of script.
struct LanguageTag {
    /// The groups of scripts in word processors. In a style, each group has its own font and language.
    enum Script {
        case western, eastAsian, complex
    }

    /// A BCP 47 tag: only letters, digits and hyphens.
    let text: String
    let script: Script
    let isRightToLeft: Bool

    private static let rightToLeft: Set<String> = ["ar", "fa", "he", "ps", "sd", "ur", "yi"]
    private static let eastAsian: Set<String> = ["ja", "ko", "yue", "zh"]
    /// Complex scripts written from left to right: Thai, Lao, Khmer, Burmese, Tibetan and the scripts of India.
    private static let complex: Set<String> = [
        "as", "bn", "bo", "gu", "hi", "km", "kn", "lo", "ml", "mr", "my", "ne", "pa", "sa", "si", "ta", "te", "th",
    ]

    /// Returns nil if `code` isn't a language code.
    ///
    /// - Parameter code: A code as engines write it: "en", "en_us", "zh-TW".
    init?(_ code: String) {
        var parts = code.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).map(String.init)
        // Whisper uses an old code for Javanese, which was withdrawn.
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
