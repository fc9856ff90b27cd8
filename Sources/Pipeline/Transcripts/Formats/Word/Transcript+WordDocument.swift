// A Word document (.docx): title, facts, and paragraphs that begin with speaker and time.
//
// Guarantees: The same transcript and title give the same bytes. Whatever the words are, the file is well-formed and valid (ECMA-376,
// transitional). Paragraphs in scripts written from right to left have that direction.

extension Transcript {
    /// Returns the transcript as a Word document.
    ///
    /// - Parameters:
    ///   - title: The recording's name, for the heading and the file's properties.
    ///   - isNaming: Whether paragraphs begin with their speaker.
    func wordDocument(title: String?, namingSpeakers isNaming: Bool) -> [UInt8] {
        let name = title?.onOneLine ?? ""
        let heading = name.isEmpty ? "Transcript" : name
        let language = LanguageTag(self.language)
        let document = document(
            heading: heading, rightToLeft: language?.isRightToLeft ?? false, namingSpeakers: isNaming)

        var archive = ZipArchive(capacity: document.count + 16_384)
        // The list of types comes first, because programs that identify a file by its first bytes look for it there.
        archive.add("[Content_Types].xml", WordParts.fixed(WordParts.contentTypes))
        archive.add("_rels/.rels", WordParts.fixed(WordParts.packageRelationships))
        archive.add("word/document.xml", document)
        archive.add("word/_rels/document.xml.rels", WordParts.fixed(WordParts.documentRelationships))
        archive.add("word/styles.xml", WordStyles.part(language: language))
        archive.add("word/settings.xml", WordParts.fixed(WordParts.settings))
        archive.add("docProps/core.xml", WordParts.core(title: heading, language: language))
        archive.add("docProps/app.xml", WordParts.fixed(WordParts.application))
        return archive.finished()
    }

    /// Returns `word/document.xml`, with one paragraph per line.
    private func document(heading: String, rightToLeft: Bool, namingSpeakers isNaming: Bool) -> [UInt8] {
        let paragraphs = paragraphs
        let characters = paragraphs.reduce(0) { $0 + $1.text.utf8.count }
        var xml = XMLWriter(capacity: 4_096 + characters + characters / 8 + paragraphs.count * 320)
        xml.markup(#"<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#)
        let turned = heading.runsRightToLeft(otherwise: rightToLeft)
        xml.openParagraph("Title", rightToLeft: turned)
        xml.run(heading, rightToLeft: turned)
        xml.closeParagraph()
        for fact in facts {
            xml.openParagraph("Fact", rightToLeft: false)
            xml.markup(#"<w:r><w:rPr><w:rStyle w:val="FactLabel"/></w:rPr><w:t>"#)
            xml.markup(fact.label)
            xml.markup("</w:t><w:tab/></w:r>")
            xml.run(fact.value, rightToLeft: false)
            xml.closeParagraph()
        }
        for paragraph in paragraphs {
            paragraph.write(
                to: &xml, rightToLeft: paragraph.text.runsRightToLeft(otherwise: rightToLeft), isNaming: isNaming)
        }
        if paragraphs.isEmpty {
            xml.openParagraph("Normal", rightToLeft: false)
            xml.run("No words were recognized.", rightToLeft: false)
            xml.closeParagraph()
        }
        // A4 with margins of 2.5 cm. Headers and footers, if there were any, would be 1.25 cm from the edge.
        xml.markup(
            """

            <w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1417" \
            w:left="1417" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr></w:body></w:document>
            """)
        return xml.bytes
    }
}

extension Paragraph {
    /// Writes the paragraph: one line with the speaker, if known, and the time; then the words.
    fileprivate func write(to xml: inout XMLWriter, rightToLeft: Bool, isNaming: Bool) {
        xml.openParagraph("Turn", rightToLeft: rightToLeft)
        if isNaming, let voice = speaker?.onOneLine, !voice.isEmpty {
            xml.markup(#"<w:r><w:rPr><w:rStyle w:val="Speaker"/></w:rPr><w:t xml:space="preserve">"#)
            xml.text(voice)
            xml.markup(" </w:t></w:r>")
        }
        xml.markup(#"<w:r><w:rPr><w:rStyle w:val="Time"/></w:rPr><w:t>"#)
        xml.text(ClockTime(milliseconds: start).text)
        xml.markup("</w:t><w:br/></w:r>")
        xml.run(text, rightToLeft: rightToLeft)
        xml.closeParagraph()
    }
}

extension XMLWriter {
    fileprivate mutating func openParagraph(_ style: StaticString, rightToLeft: Bool) {
        markup("\n<w:p><w:pPr><w:pStyle w:val=\"")
        markup(style)
        markup(rightToLeft ? "\"/><w:bidi/></w:pPr>" : "\"/></w:pPr>")
    }

    fileprivate mutating func closeParagraph() { markup("</w:p>") }

    fileprivate mutating func run(_ line: String, rightToLeft: Bool) {
        markup(rightToLeft ? "<w:r><w:rPr><w:rtl/></w:rPr>" : "<w:r>")
        markup(#"<w:t xml:space="preserve">"#)
        text(line)
        markup("</w:t></w:r>")
    }
}

/// A line at the top of a document that says how the transcript was made, for readers without access to the API.
struct TranscriptFact {
    let label: StaticString
    let value: String
}

extension Transcript {
    /// The facts, always in English and in this order, without those that don't apply.
    var facts: [TranscriptFact] {
        let code = language.onOneLine
        var facts = [
            TranscriptFact(label: "Duration", value: ClockTime(milliseconds: durationMilliseconds).text),
            TranscriptFact(label: "Language", value: LanguageName.english(code).map { "\($0) (\(code))" } ?? code),
            TranscriptFact(label: "Engine", value: engine.onOneLine),
            TranscriptFact(label: "Model", value: model.onOneLine),
        ]
        if let fallback {
            let parts = fallback.chunks == 1 ? "1 part" : "\(fallback.chunks) parts"
            let value = "\(parts), instead of \(fallback.from.onOneLine) (\(fallback.reason.onOneLine))"
            facts.append(TranscriptFact(label: "Fallback", value: value))
        }
        facts.append(TranscriptFact(label: "Diarization", value: diarization.onOneLine))
        if !speakers.isEmpty { facts.append(TranscriptFact(label: "Speakers", value: String(speakers.count))) }
        facts.append(TranscriptFact(label: "Job", value: jobID.onOneLine))
        return facts
    }
}

/// A time for people, as `h:mm:ss`: seconds rounded down, any number of hours.
struct ClockTime {
    /// 0 or more.
    let milliseconds: Int64

    var text: String {
        let seconds = milliseconds / 1_000
        return "\(seconds / 3_600):\(Self.padded(seconds / 60 % 60)):\(Self.padded(seconds % 60))"
    }

    private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}
