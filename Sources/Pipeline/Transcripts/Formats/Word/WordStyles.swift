/// The styles of a Word document: Title, Fact (with Fact Label), Turn (with Speaker and Time).
///
/// People see these names in Word's list of styles, and programs that read the file rely on them.
enum WordStyles {
    /// Returns `word/styles.xml`. The document's language is in the defaults, in the attribute for its kind of script, so that it holds for all
    /// text. The facts are marked as English.
    static func part(language: LanguageTag?) -> [UInt8] {
        var xml = XMLWriter(capacity: 4_096)
        xml.markup(opening)
        if let language {
            xml.markup("<w:lang w:")
            switch language.script {
            case .western: xml.markup("val")
            case .eastAsian: xml.markup(#"val="en-US" w:eastAsia"#)
            case .complex: xml.markup(#"val="en-US" w:bidi"#)
            }
            xml.markup("=\"")
            xml.text(language.text)
            xml.markup("\"/>")
        }
        xml.markup(styles)
        return xml.bytes
    }

    private static let opening: StaticString = """
        <w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults>\
        <w:rPrDefault><w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="Arial" w:cs="Arial"/>\
        <w:sz w:val="21"/><w:szCs w:val="21"/>
        """

    private static let styles: StaticString = """
        </w:rPr></w:rPrDefault>\
        <w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault>\
        </w:docDefaults>
        <w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>
        <w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">\
        <w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>
        <w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/>\
        <w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:spacing w:after="200" w:line="240" \
        w:lineRule="auto"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="36"/><w:szCs w:val="36"/></w:rPr></w:style>
        <w:style w:type="paragraph" w:customStyle="1" w:styleId="Fact"><w:name w:val="Fact"/>\
        <w:basedOn w:val="Normal"/><w:qFormat/><w:pPr><w:tabs><w:tab w:val="left" w:pos="1701"/></w:tabs>\
        <w:spacing w:after="20"/><w:ind w:left="1701" w:hanging="1701"/></w:pPr>\
        <w:rPr><w:sz w:val="19"/><w:szCs w:val="19"/><w:lang w:val="en-US"/></w:rPr></w:style>
        <w:style w:type="character" w:customStyle="1" w:styleId="FactLabel"><w:name w:val="Fact Label"/>\
        <w:basedOn w:val="DefaultParagraphFont"/><w:rPr><w:color w:val="595959"/></w:rPr></w:style>
        <w:style w:type="paragraph" w:customStyle="1" w:styleId="Turn"><w:name w:val="Turn"/>\
        <w:basedOn w:val="Normal"/><w:qFormat/><w:pPr><w:spacing w:before="240" w:after="0"/></w:pPr></w:style>
        <w:style w:type="character" w:customStyle="1" w:styleId="Speaker"><w:name w:val="Speaker"/>\
        <w:basedOn w:val="DefaultParagraphFont"/><w:qFormat/><w:rPr><w:b/><w:bCs/></w:rPr></w:style>
        <w:style w:type="character" w:customStyle="1" w:styleId="Time"><w:name w:val="Time"/>\
        <w:basedOn w:val="DefaultParagraphFont"/><w:qFormat/><w:rPr><w:color w:val="595959"/>\
        <w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr></w:style>
        </w:styles>
        """
}
