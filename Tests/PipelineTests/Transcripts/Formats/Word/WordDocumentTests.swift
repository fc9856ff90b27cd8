import Pipeline
import Testing

@Suite struct WordDocumentTests {
    private func part(_ name: String, of transcript: Transcript, title: String? = nil) throws -> String {
        try StoredArchive(transcript.rendered(as: .docx, title: title)).text(name)
    }

    /// The paragraphs of a style, as their text: tabs and line ends as such, escapes as written.
    private func paragraphs(_ style: String, of transcript: Transcript, title: String? = nil) throws -> [String] {
        let document = try part("word/document.xml", of: transcript, title: title)
        return document.split(separator: "\n").filter { $0.contains("<w:pStyle w:val=\"\(style)\"/>") }.map { line in
            String(line).replacing("<w:tab/>", with: "\t").replacing("<w:br/>", with: "\n")
                .replacing(#/<[^>]*>/#, with: "")
        }
    }

    @Test func `the list of types is the first entry, and every part is there`() throws {
        for transcript in Samples.everything(random: 30) {
            let archive = try StoredArchive(transcript.rendered(as: .docx))
            try #require(
                archive.names == [
                    "[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/_rels/document.xml.rels",
                    "word/styles.xml", "word/settings.xml", "docProps/core.xml", "docProps/app.xml",
                ])
        }
    }

    @Test func `a document is called what the recording is called`() throws {
        for (title, shown) in [
            (nil, "Transcript"), ("", "Transcript"), (" \n\u{0}", "Transcript"), ("a.mp3", "a.mp3"),
            ("  a\n\nb\t", "a b"), ("<&>\"", "&lt;&amp;&gt;&quot;"),
        ] {
            #expect(try paragraphs("Title", of: Samples.interview, title: title) == [shown])
            let core = try part("docProps/core.xml", of: Samples.interview, title: title)
            #expect(core.contains("<dc:title>\(shown)</dc:title>"))
        }
    }

    @Test func `the facts say what made the transcript`() throws {
        #expect(
            try paragraphs("Fact", of: Samples.interview) == [
                "Duration\t0:00:21", "Language\tEnglish (en)", "Engine\twhisper_large_v3", "Model\tlarge-v3",
                "Fallback\t1 part, instead of assemblyai_universal_3 (timeout)",
                "Diarization\tsegmentation-3.0+campplus", "Speakers\t2", "Job\tjob_01J0000000000000000000000",
            ])
        var transcript = Samples.transcript([], duration: 36_000_000 * 11 + 3_599_999)
        transcript.language = "xx"
        #expect(
            try paragraphs("Fact", of: transcript) == [
                "Duration\t110:59:59", "Language\txx", "Engine\twhisper_base", "Model\tbase", "Diarization\tnone",
                "Job\tjob_01J0000000000000000000000",
            ])
        transcript.fallback = .init(from: "a\n<b>", reason: "c", chunks: 12)
        #expect(try paragraphs("Fact", of: transcript).contains("Fallback\t12 parts, instead of a &lt;b&gt; (c)"))
    }

    @Test(arguments: LanguageChoice.codes.sorted())
    func `every language has a name`(code: String) throws {
        var transcript = Samples.withoutWords
        transcript.language = code
        let fact = try #require(try paragraphs("Fact", of: transcript).first { $0.hasPrefix("Language\t") })
        #expect(fact.wholeMatch(of: #/Language\t[A-Z][A-Za-z ]+ \((.+)\)/#)?.1 == code[...])
    }

    @Test func `a turn begins with its speaker, where one is known, and its time`() throws {
        let transcript = Samples.transcript(
            [
                Samples.segment("Hello.", at: 999, speaker: "speaker_0"), Samples.segment("Hm.", at: 60_000),
                Samples.segment("Bye.", at: 3_600_000, speaker: "speaker_1"),
            ],
            speakers: ["speaker_0", "speaker_1"])
        #expect(
            try paragraphs("Turn", of: transcript) == [
                "speaker_0 0:00:00\nHello.", "0:01:00\nHm.", "speaker_1 1:00:00\nBye.",
            ])
    }

    @Test func `a recording without words says so`() throws {
        #expect(try paragraphs("Normal", of: Samples.withoutWords) == ["No words were recognized."])
        #expect(try paragraphs("Turn", of: Samples.withoutWords).isEmpty)
        #expect(try paragraphs("Normal", of: Samples.interview).isEmpty)
    }

    @Test func `what XML cannot hold is a space and what it reads as markup is escaped`() throws {
        let segment = Transcript.Segment(
            start: 0, end: 1, text: "a\u{1}b\u{FFFE}c\u{FFFF}d\u{FFFD}\u{10FFFF}]]>&<\"'\u{1F}")
        #expect(
            try paragraphs("Turn", of: Samples.transcript([segment])) == [
                "0:00:00\na b c d\u{FFFD} ]]&gt;&amp;&lt;&quot;'"
            ])
    }

    @Test(
        arguments: [
            ("en", #"<w:lang w:val="en"/>"#), ("en_us", #"<w:lang w:val="en-US"/>"#), ("jw", #"<w:lang w:val="jv"/>"#),
            ("haw", #"<w:lang w:val="haw"/>"#), ("he", #"<w:lang w:val="en-US" w:bidi="he"/>"#),
            ("th", #"<w:lang w:val="en-US" w:bidi="th"/>"#), ("zh-TW", #"<w:lang w:val="en-US" w:eastAsia="zh-TW"/>"#),
            ("yue", #"<w:lang w:val="en-US" w:eastAsia="yue"/>"#),
            ("", nil), ("e", nil), ("english", nil), ("e\"", nil), ("en-<b>", nil),
        ] as [(String, String?)])
    func `words have the language that they were recognized in`(code: String, markup: String?) throws {
        var transcript = Samples.interview
        transcript.language = code
        let styles = try part("word/styles.xml", of: transcript)
        let defaults = try #require(styles.split(separator: "</w:rPrDefault>").first)
        #expect(defaults.contains("<w:lang") == (markup != nil))
        #expect(markup.map(defaults.contains) ?? true)
    }

    @Test(
        arguments: [
            ("مرحبا", "en", true), ("hello", "ar", false), ("12 …", "ar", true), ("12 …", "en", false),
            ("شكرا OK", "en", true), ("שלום hello", "he", false), ("ab אב", "he", true), ("ab אב", "en", false),
            ("漢字 א", "ja", false), ("ߒߞߏ", "en", true), ("𞤀𞤁", "en", true), ("١٢", "en", false),
        ])
    func `a paragraph runs as most of its letters do, then as the language`(
        text: String, language: String, rightToLeft: Bool
    ) throws {
        var transcript = Samples.transcript([Transcript.Segment(start: 0, end: 1, text: text)])
        transcript.language = language
        let document = try part("word/document.xml", of: transcript)
        let turn = try #require(document.split(separator: "\n").first { $0.contains(#""Turn""#) })
        #expect(turn.contains("<w:bidi/>") == rightToLeft)
        #expect(turn.contains("<w:rPr><w:rtl/></w:rPr><w:t xml:space=\"preserve\">\(text)<") == rightToLeft)
    }

    @Test func `the same transcript is the same file`() {
        let first = Samples.interview.rendered(as: .docx, title: "a")
        #expect(first == Samples.interview.rendered(as: .docx, title: "a"))
        #expect(first != Samples.interview.rendered(as: .docx, title: "b"))
    }
}
