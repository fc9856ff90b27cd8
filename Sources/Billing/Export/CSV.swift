/// Comma-separated values as in RFC 4180: CRLF after every row, quotes only where needed, a quote within quotes doubled.
///
/// A text that a spreadsheet would take for a formula gets an apostrophe in front: one whose first visible character is `=`, `+`, `-` or `@`, also in
/// the full width of East Asian scripts. Numbers stay numbers, also negative ones.
package enum CSV {
    package static func row(_ cells: [ExportCell]) -> String {
        cells.map(field).joined(separator: ",") + "\r\n"
    }

    package static func header(_ names: [String]) -> String { row(names.map(ExportCell.text)) }

    private static func field(_ cell: ExportCell) -> String {
        switch cell {
        case .text(let text): quoted(harmless(text))
        case .number(let number): number
        case .flag(let flag): flag ? "true" : "false"
        case .none: ""
        }
    }

    private static let formulaStarts: Set<Unicode.Scalar> = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]

    private static func harmless(_ text: String) -> String {
        // Some programs trim cells before they look at them.
        let first = text.unicodeScalars.first {
            !$0.properties.isWhitespace && ![.control, .format].contains($0.properties.generalCategory)
        }
        let isFormula = first.map(formulaStarts.contains) ?? false
        let isBroken = text.utf8.first.map([UInt8]("\t\r\n".utf8).contains) ?? false
        return isFormula || isBroken ? "'" + text : text
    }

    private static func quoted(_ text: String) -> String {
        let needsQuotes =
            text.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 13, 10].contains($0) }
            || text.hasPrefix(" ") || text.hasSuffix(" ")
        guard needsQuotes else { return text }
        // Byte by byte: Swift sees CR LF as one character, and a quote with a combining mark after it as another character.
        var bytes = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
    }
}
