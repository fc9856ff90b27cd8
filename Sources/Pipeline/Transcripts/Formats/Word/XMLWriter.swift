// Writes XML 1.0 straight into bytes. Markup is ours and known when this is compiled; whatever comes from a recording
// goes through `text`, so that it can neither open a tag nor break the file.

/// Appends in the order of its calls; the caller closes what it opens.
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

    /// One line of text, for between tags or within double quotes. What XML 1.0 cannot hold is left out: control
    /// characters, with them tabs and line ends, which readers would change, and U+FFFE and U+FFFF.
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
