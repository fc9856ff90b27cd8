/// The parts of a Word document without recognized text: its contents, settings and properties (ECMA-376, transitional).
///
/// There are no themes, and only one font, which every system has or can replace.
enum WordParts {
    static let contentTypes: StaticString = """
        <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
        <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
        <Default Extension="xml" ContentType="application/xml"/>\
        <Override PartName="/word/document.xml" \
        ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>\
        <Override PartName="/word/styles.xml" \
        ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>\
        <Override PartName="/word/settings.xml" \
        ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>\
        <Override PartName="/docProps/core.xml" \
        ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>\
        <Override PartName="/docProps/app.xml" \
        ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/>\
        </Types>
        """

    static let packageRelationships: StaticString = """
        <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
        <Relationship Id="rId1" \
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" \
        Target="word/document.xml"/>\
        <Relationship Id="rId2" \
        Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" \
        Target="docProps/core.xml"/>\
        <Relationship Id="rId3" \
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties" \
        Target="docProps/app.xml"/>\
        </Relationships>
        """

    static let documentRelationships: StaticString = """
        <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
        <Relationship Id="rId1" \
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>\
        <Relationship Id="rId2" \
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/settings" Target="settings.xml"/>\
        </Relationships>
        """

    static let application: StaticString = """
        <Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">\
        <Application>Verbatim</Application></Properties>
        """

    /// Mode 15 is Word 2013 and later. Without it, Word opens the document in a compatibility mode.
    static let settings: StaticString = """
        <w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:compat>\
        <w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>\
        </w:compat></w:settings>
        """

    /// Returns a part that is the same in every document.
    static func fixed(_ markup: StaticString) -> [UInt8] {
        var xml = XMLWriter(capacity: markup.utf8CodeUnitCount + 64)
        xml.markup(markup)
        return xml.bytes
    }

    /// Returns the part with title and language for the file's properties. It has no time, so that the same transcript gives the same file.
    static func core(title: String, language: LanguageTag?) -> [UInt8] {
        var xml = XMLWriter(capacity: 512 + title.utf8.count)
        xml.markup(
            """
            <cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
            xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>
            """)
        xml.text(title)
        xml.markup("</dc:title><dc:creator>Verbatim</dc:creator>")
        if let language {
            xml.markup("<dc:language>")
            xml.text(language.text)
            xml.markup("</dc:language>")
        }
        xml.markup("</cp:coreProperties>")
        return xml.bytes
    }
}
