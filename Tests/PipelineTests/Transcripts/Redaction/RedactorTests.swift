import Pipeline
import Testing

/// What a finding is, and what is asked for.
@Suite struct RedactorTests {
    private static func findings(
        _ text: String, _ language: String? = "en", kinds: Set<RedactionKind> = Set(RedactionKind.allCases)
    ) -> [Redactor.Finding] {
        Redactor(kinds: kinds, language: language).findings(in: text.split(separator: " ").map(String.init))
    }

    private static func masked(
        _ text: String, _ language: String? = "en", kinds: Set<RedactionKind> = Set(RedactionKind.allCases)
    ) -> String {
        let words = text.split(separator: " ").map(String.init)
        let found = Redactor(kinds: kinds, language: language).findings(in: words)
        return Redactor.masked(words, found).filter { !$0.isEmpty }.joined(separator: " ")
    }

    @Test func `what is attached to a finding stays, and what belongs to it goes`() {
        #expect(Self.masked("(4242 4242 4242 4242), please") == "([CARD_NUMBER]), please")
        #expect(Self.masked("Call (415) 555-0123.") == "Call [PHONE_NUMBER].")
        #expect(Self.masked("Call me (415-555-0123)!") == "Call me ([PHONE_NUMBER])!")
        #expect(Self.masked("<jane@example.com>; thanks") == "<[EMAIL]>; thanks")
        #expect(Self.masked("tel:+14155550123") == "tel:[PHONE_NUMBER]")
        #expect(Self.masked("http://10.0.0.1:8080/jobs") == "http://[IP_ADDRESS]:8080/jobs")
        #expect(
            Self.masked("My number is plus four nine one seven one, two three four, five six seven eight.")
                == "My number is [PHONE_NUMBER].")
        #expect(
            Self.findings("Call (415) 555-0123.") == [.init(kind: .phoneNumber, words: 1..<3, prefix: "", suffix: ".")])
    }

    @Test func `a number is found across speakers, with what they answer`() {
        #expect(
            Self.masked(
                "The number? Four two four two. Okay. 4242. Mhm, go ahead. 4242. Yes. Four two four two. Thanks!")
                == "The number? [CARD_NUMBER]. Thanks!")
        // The last digit is wrong.
        let wrong = "The number? Four two four two. Okay. 4242. Mhm, go ahead. 4242. Yes. Four two four three. Thanks!"
        #expect(Self.masked(wrong) == wrong)
        #expect(
            Self.masked("415-555-0123. So that's 415-555-0123?") == "[PHONE_NUMBER]. So that's [PHONE_NUMBER]?")
    }

    @Test func `only what is asked for is masked, and nothing is taken for something else`() {
        let text = "My number is 4242 4242 4242 4242 and my mail is jane@example.com"
        #expect(Self.masked(text, kinds: [.email]) == "My number is 4242 4242 4242 4242 and my mail is [EMAIL]")
        #expect(Self.findings(text, kinds: [.phoneNumber]).isEmpty)
        #expect(Self.findings(text, kinds: []).isEmpty)
        #expect(Self.findings("DE89 3704 0044 0532 0130 00", kinds: [.cardNumber, .phoneNumber]).isEmpty)
        // Nine digits can be a phone number where Social Security numbers are not asked for.
        #expect(Self.masked("llámame al 612-34-5678", "es", kinds: [.phoneNumber]) == "llámame al [PHONE_NUMBER]")
    }

    @Test func `two findings in one word are one, and a word can be a character`() {
        #expect(Self.masked("jane@example.com/joe@example.org") == "[EMAIL]")
        #expect(Self.masked("Send 4242424242424242,jane@example.com.") == "Send [CARD_NUMBER].")
        let words = "4242424242424242".map(String.init)
        let redactor = Redactor(kinds: [.cardNumber], language: "ja")
        #expect(redactor.findings(in: words) == [.init(kind: .cardNumber, words: 0..<16)])
        #expect(
            redactor.findings(in: ["番号は4242424242424242です。"]) == [
                .init(kind: .cardNumber, words: 0..<1, prefix: "番号は", suffix: "です。")
            ])
        #expect(
            redactor.findings(in: ["number", "4242 4242", "4242 4242 now"]) == [
                .init(kind: .cardNumber, words: 1..<3, prefix: "", suffix: " now")
            ])
    }

    @Test func `digits and letters of other scripts and widths are read`() {
        #expect(Self.masked("٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢ شكرا", "ar") == "[CARD_NUMBER] شكرا")
        #expect(Self.masked("４２４２４２４２４２４２４２４２", "ja") == "[CARD_NUMBER]")
        #expect(Self.masked("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ja") == "[EMAIL]")
        #expect(Self.masked("пишите: иван@пример.рф", "ru") == "пишите: [EMAIL]")
        #expect(Self.masked("電話番号は 03-1234-5678 です", "ja") == "電話番号は [PHONE_NUMBER] です")
    }

    @Test func `number words are those of the recording's language, or of all five if it is not known`() {
        let german = "vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei vier zwei"
        for language in ["de", "de-AT", nil, "multi", ""] { #expect(Self.masked(german, language) == "[CARD_NUMBER]") }
        for language in ["en", "pl", "ja"] { #expect(Self.findings(german, language).isEmpty) }
        // Decomposed letters are the same.
        #expect(Self.masked("fu\u{308}nf fu\u{308}nf fu\u{308}nf fu\u{308}nf 5555 5555 4444", "de") == "[CARD_NUMBER]")
    }

    @Test(
        arguments: [
            ("4242 4242 4242 4241", RedactionKind.cardNumber), ("0000 0000 0000 0000", .cardNumber),
            ("9999 9999 9999 9995", .cardNumber), ("DE88 3704 0044 0532 0130 00", .iban),
            ("DE89 3704 0044 0532 0130", .iban),
            ("000-12-3456", .usSSN), ("666-12-3456", .usSSN), ("900-12-3456", .usSSN), ("123-00-4567", .usSSN),
            ("123-45-0000", .usSSN),
            ("256.1.1.1", .ipAddress), ("1.2.3.4.5", .ipAddress), ("12:30:45", .ipAddress), ("2001:db8:1", .ipAddress),
            ("a::b", .ipAddress), ("1:2:3:4:5:6:7:8:9", .ipAddress), ("@jane", .email), ("jane@", .email),
            ("+0123456789", .phoneNumber),
            ("+1 415 555", .phoneNumber), ("11.12.2023", .phoneNumber), ("1,234,567,890", .phoneNumber),
        ] as [(String, RedactionKind)])
    func `what no standard allows is not found`(text: String, kind: RedactionKind) {
        #expect(Self.findings("It is \(text) there", nil, kinds: [kind]).isEmpty)
    }

    @Test(
        arguments: [
            "2001:db8::1", "fe80::1ff:fe23:4567:890a", "::1", "::ffff:192.0.2.1",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            "0.0.0.0", "255.255.255.255",
        ])
    func `addresses of both versions are found as they are written`(text: String) {
        #expect(Self.masked("at \(text), yes", kinds: [.ipAddress]) == "at [IP_ADDRESS], yes")
    }
}
