// TTML (.ttml), as specified by the W3C: a document of the Text profile of IMSC 1.1, which broadcasters and players of streams read.
//
// Guarantees: Whatever the words are, the file is well-formed. Speakers are `ttm:agent`s, which players don't show. Cues in scripts written
// from right to left have that direction.

extension Transcript {
    /// - Parameters:
    ///   - title: The recording's name, for the file's metadata.
    ///   - isNaming: Whether cues name their speaker.
    func timedText(title: String?, namingSpeakers isNaming: Bool, limits: CueLimits) -> [UInt8] {
        let cues = CueBuilder.cues(of: self, within: limits)
        let language = LanguageTag(self.language)
        let voices = isNaming ? Voices(of: cues) : Voices(of: [])
        var xml = XMLWriter(capacity: 4_096 + cues.count * 320)
        xml.markup(
            """
            <tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" \
            xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" \
            ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text" ttp:timeBase="media" xml:lang="
            """)
        xml.text(language?.text ?? "")
        xml.markup("\">\n<head>\n<metadata>\n")
        if let name = title?.onOneLine, !name.isEmpty {
            xml.markup("<ttm:title>")
            xml.text(name)
            xml.markup("</ttm:title>\n")
        }
        for (index, name) in voices.names.enumerated() {
            xml.markup("<ttm:agent xml:id=\"agent")
            xml.text(String(index))
            xml.markup("\" type=\"person\"><ttm:name type=\"alias\">")
            xml.text(name)
            xml.markup("</ttm:name></ttm:agent>\n")
        }
        xml.markup(
            """
            </metadata>
            <styling>
            <style xml:id="cue" tts:fontFamily="proportionalSansSerif" tts:fontSize="
            """)
        // Lines of more columns than usual are as wide as usual ones.
        xml.text(String(min(100, 4_200 / limits.columnsPerLine)))
        xml.markup(
            """
            %" tts:lineHeight="125%" tts:textAlign="center"/>
            <style xml:id="text" tts:color="white" tts:backgroundColor="black"/>
            </styling>
            <layout>
            <region xml:id="bottom" tts:origin="5% 5%" tts:extent="90% 90%" tts:displayAlign="after"/>
            </layout>
            </head>
            <body>
            <div>

            """)
        for cue in cues {
            let lines = cue.lines.map(\.text)
            cue.writeStart(to: &xml)
            if let index = voices.index(of: cue.speaker) {
                xml.markup("\" ttm:agent=\"agent")
                xml.text(String(index))
            }
            if lines.joined(separator: " ").runsRightToLeft(otherwise: language?.isRightToLeft ?? false) {
                xml.markup("\" tts:direction=\"rtl")
            }
            xml.markup("\"><span style=\"text\">")
            for (index, line) in lines.enumerated() {
                if index > 0 { xml.markup("<br/>") }
                xml.text(line)
            }
            xml.markup("</span></p>\n")
        }
        xml.markup("</div>\n</body>\n</tt>\n")
        return xml.bytes
    }
}

extension Cue {
    /// Writes the start of the cue's element, up to the value of its last attribute.
    fileprivate func writeStart(to xml: inout XMLWriter) {
        xml.markup("<p region=\"bottom\" style=\"cue\" begin=\"")
        xml.text(time(start))
        xml.markup("\" end=\"")
        xml.text(time(end))
    }

    private func time(_ milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        CueTimestamp(milliseconds: milliseconds).write(to: &bytes, separator: ".")
        return String(decoding: bytes, as: UTF8.self)
    }
}
