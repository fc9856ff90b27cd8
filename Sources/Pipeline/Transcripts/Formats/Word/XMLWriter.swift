/// Writes XML 1.0 into bytes, in the order of the calls. The caller closes the tags that it opens.
///
/// Markup is fixed when this is compiled. Everything that comes from a recording goes through `text`, so that it can neither open a tag nor
/// break the file.
struct XMLWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
        markup(#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#)
        markup("\n")
    }

    mutating func markup(_ literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Writes one line of text, between tags or within double quotes.
    ///
    /// Leaves out what XML 1.0 doesn't allow: control characters, U+FFFE and U+FFFF. Tabs and line ends are left out, too, because XML
    /// parsers would change them.
    mutating func text(_ line: String) {
        var line = line
        line.withUTF8 { escape($0) }
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var index = 0
        var plain = 0
        while index < text.count {
            var length = 1
            switch text[index] {
            case 0xEF where index + 2 < text.count && text[index + 1] == 0xBF && text[index + 2] >= 0xBE:
                length = 3
            case ..<0x20, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""):
                break
            default:
                index += 1
                continue
            }
            bytes.append(contentsOf: text[plain..<index])
            switch text[index] {
            case UInt8(ascii: "&"): markup("&amp;")
            case UInt8(ascii: "<"): markup("&lt;")
            case UInt8(ascii: ">"): markup("&gt;")
            case UInt8(ascii: "\""): markup("&quot;")
            default: break
            }
            index += length
            plain = index
        }
        bytes.append(contentsOf: text[plain...])
    }
}
