import Tenancy
import TestSupport
import Testing

@Suite struct PlainNameTests {
    private static func fault(_ text: String, longest: Int = 200) -> PlainName.Fault? {
        do {
            _ = try PlainName(text, longest: longest)
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        "Example Ltd", "a", "O'Neil & Sons <b>", "\"quoted\", with; separators|", "Grüße & Söhne", "株式会社サンプル", "葛󠄀城市",
        "ООО «Пример»", "שלום בע״מ", "شركة مثال", "می‌خواهم", "क्‍ष", "ශ්‍රී ලංකා", "บริษัท ตัวอย่าง", "한국 주식회사", "Ἑλλάς", "👩‍💻 lab",
        "🏳️‍🌈", "🇩🇪", "1️⃣ first",
        "❤️", "e\u{301}cole", "سورة \u{06DD}",
    ])
    func `names as people have them are taken as they are`(name: String) throws {
        #expect(Self.fault(name) == nil)
        #expect(try PlainName(name, longest: 200).text == name)
        #expect(name.shown == name)
        #expect(PlainName.cleaned(name) == name)
    }

    @Test(arguments: [
        "a\nb", "a\n", "\ra", "a\tb", "\u{1B}[2J", "a\u{7}", "a\u{0}b", "a\u{7F}", "a\u{9B}31m", "a\u{85}b",
        "a\u{2028}b", "a\u{2029}b",
        "a\u{202E}b", "a\u{202A}b", "a\u{2066}b", "a\u{2069}b", "a\u{200E}b", "a\u{200F}b", "a\u{61C}b", "a\u{200B}b",
        "a\u{2060}b", "a\u{FEFF}b",
        "a\u{AD}b", "a\u{115F}b", "a\u{3164}b", "a\u{FFA0}b", "a\u{34F}b", "a\u{E0041}b", "a\u{FFF9}b",
        // Where nothing needs them.
        "ad\u{200D}min", "ad\u{200C}min", "\u{200D}a", "é\u{200D}", "é\u{200D}\u{200D}é", "é \u{200D}é", "a\u{FE0F}b",
        "é\u{FE0F}\u{FE0F}", "é\u{200C}\u{FE0F}é",
    ])
    func `what breaks a table, obeys no eye or hides is refused, shown spelled out, and left out of a stranger's name`(
        name: String
    )
        throws
    {
        guard case .unfit = Self.fault(name) else {
            Issue.record("\(name.shown) was taken")
            return
        }
        #expect(name.shown.contains("\\u{"))
        #expect(!name.shown.contains("\n"))
        let cleaned = PlainName.cleaned(name)
        #expect(cleaned.shown == cleaned)
    }

    @Test func `a name has so many code points without the spaces around it`() throws {
        #expect(Self.fault("") == .empty)
        #expect(Self.fault("  \u{A0}\u{3000} ") == .empty)
        #expect(try PlainName("  Example Ltd\u{A0}", longest: 11).text == "Example Ltd")
        #expect(Self.fault("Example Ltd", longest: 10) == .tooLong(limit: 10))
        #expect(Self.fault(String(repeating: "é", count: 200)) == nil)
        // As the database counts: a family is seven of them.
        #expect(Self.fault(String(repeating: "👨‍👩‍👧‍👦", count: 29)) == .tooLong(limit: 200))
    }

    @Test func `whatever is typed: it is taken whole or refused, and what is shown would be taken`() {
        var random = SeededGenerator(seed: 6)
        let odd: [Unicode.Scalar] = [
            "\u{200C}", "\u{200D}", "\u{FE0F}", "\u{FE0E}", "\u{E0100}", "\u{20E3}", "\u{202E}", "\u{1B}", "\n", " ",
            "\u{A0}", "1", "a",
            "é", "❤", "👩", "क", "\u{94D}", "م",
        ]
        var taken = 0
        for number in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                if number.isMultiple(of: 2), let scalar = odd.randomElement(using: &random) {
                    text.append(scalar)
                } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) {
                    text.append(scalar)
                }
            }
            let name = String(text)
            let cleaned = PlainName.cleaned(name)
            #expect(cleaned.isEmpty || Self.fault(cleaned) == nil, "\(name.shown)")
            #expect(PlainName.cleaned(cleaned) == cleaned)
            #expect(name.shown.shown == name.shown, "\(name.shown)")
            for scalar in name.shown.unicodeScalars {
                #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value))
                #expect(!(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value))
                #expect(scalar.value != 0x2028 && scalar.value != 0x2029)
            }
            if let kept = try? PlainName(name, longest: 200).text {
                taken += 1
                #expect(kept.shown == kept && PlainName.cleaned(name) == kept)
            }
        }
        #expect(taken > 1000)
    }
}
