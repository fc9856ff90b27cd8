import Pipeline
import TestSupport
import Testing

/// Arbitrary words: nothing crashes, and what is found is in order and within bounds.
@Suite struct RedactionFuzzTests {
    private static let fragments = [
        "", " ", "4", "42", "4242", "4242-4242", "four", "forty", "two", "hundred", "double", "o", "oh", "and", "at",
        "dot", "@", ".", "-", "+", "(", ")",
        "jane@example.com.", "jane", "com", "192.168.0.1", "1.2.3.4.5", "::", "2001:db8::1", "DE89", "DE", "GB29",
        "NWBK", "3704", "null",
        "zweiundvierzig", "quatre-vingt-dix", "quatre", "vingt", "et", "onze", "y", "treinta", "doppio", "chiocciola",
        "arroba", "punto",
        "uh", "euh", "okay", "sorry", "call", "me", "number", "order", "is", "my", "email", "social", "security",
        "123-45-6789", "[EMAIL]",
        "[CARD_NUMBER]", "[PHONE_NUMBER].", "[", "]", "[EMAIL", "٤٢٤٢", "４２", "電話", "03", "テスト", "שלום", "👨‍👩‍👧‍👦",
        "e\u{301}", "\u{301}", "\u{0}", "1\u{301}2",
        "\u{200D}", "\u{FEFF}", "a\u{A0}b", "12:30:45", "05.12.2023", "$5", "4,242", "99999999999999999999999",
        "\u{1D7D8}", "½", "Ⅷ", "four,", "4.",
        "zero", "+49", "0170", "1234567", "415-555-0123", "two words", "line\nend", "'s", "l'", "N", "as", "in",
        "Nancy", "a", "b", "x",
        "4242424242424242/jane@example.com", "jane@example.com,joe@example.org", "{", "}", "💳4242424242424242💳",
        "tel:+14155550123",
    ]

    private static func isSound(_ findings: [Redactor.Finding], in words: [String]) -> Bool {
        zip(findings, findings.dropFirst()).allSatisfy { $0.words.upperBound <= $1.words.lowerBound }
            && findings.allSatisfy { finding in
                guard !finding.words.isEmpty, finding.words.lowerBound >= 0, finding.words.upperBound <= words.count
                else { return false }
                let first = words[finding.words.lowerBound]
                let last = words[finding.words.upperBound - 1]
                return first.utf8.starts(with: finding.prefix.utf8)
                    && last.utf8.reversed().starts(with: finding.suffix.utf8.reversed())
            }
    }

    @Test(arguments: ["en", "de", "fr", "es", "it", "ja", nil] as [String?])
    func `whatever the words are, findings are sound, and masked words have none`(language: String?) {
        let redactor = Redactor(kinds: Set(RedactionKind.allCases), language: language)
        var found = 0
        for seed in 0..<600 {
            var random = SeededGenerator(seed: UInt64(seed))
            let few = Self.fragments.shuffled(using: &random).prefix(seed % 2 == 0 ? 8 : 200)
            let words = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                (0..<(Int.random(in: 0..<6, using: &random) == 0 ? 2 : 1)).map { _ in
                    few.randomElement(using: &random) ?? ""
                }.joined()
            }
            let findings = redactor.findings(in: words)
            found += findings.count
            #expect(Self.isSound(findings, in: words), "\(words)")
            let masked = Redactor.masked(words, findings)
            #expect(redactor.findings(in: masked).isEmpty, "\(words) -> \(masked)")
            #expect(redactor.findings(in: masked.filter { !$0.isEmpty }).isEmpty, "\(words) -> \(masked)")
        }
        #expect(found > 100)
    }

    @Test func `arbitrary scalars are sound, too`() {
        let redactor = Redactor(kinds: Set(RedactionKind.allCases), language: nil)
        for seed in 0..<500 {
            var random = SeededGenerator(seed: UInt64(seed) + 10_000)
            let words = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    let limit: UInt32 = [0x80, 0x250, 0x3000, 0x10000, 0x110000].randomElement(using: &random) ?? 0x80
                    if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
                }
                return String(text)
            }
            let findings = redactor.findings(in: words)
            #expect(Self.isSound(findings, in: words), "\(words)")
            #expect(redactor.findings(in: Redactor.masked(words, findings)).isEmpty, "\(words)")
        }
    }

    /// Each would take hours if the time weren't linear.
    @Test(
        arguments: [
            ["4"], ["forty", "two"], ["quatre", "vingt", "dix", "sept"], ["jane", "dot", "at"], ["DE", "89", "one"],
            ["a", "b", "c"],
            ["one", "dot"], ["d", "e", "eight"], ["a:b:c"], ["double"], ["\u{301}"], ["."], ["@"], ["0170,"],
        ])
    func `a long recording of the same words ends`(words: [String]) {
        let many = (0..<100_000).map { words[$0 % words.count] }
        let redactor = Redactor(kinds: Set(RedactionKind.allCases), language: nil)
        #expect(Self.isSound(redactor.findings(in: many), in: many))
        let long = String(repeating: words.joined(), count: 20_000)
        #expect(Self.isSound(redactor.findings(in: [long]), in: [long]))
    }
}
