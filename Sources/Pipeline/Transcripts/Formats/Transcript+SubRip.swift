// SubRip (.srt). The format has no escapes, but players interpret tags in it. Two changes keep recognized text from being interpreted:
// "-->" becomes "→". If something looks like a tag ("<b>", "{\an8}"), an invisible word joiner (U+2060) is inserted between the opening
// character and the name, so that players show it as written.

extension Transcript {
    /// - Parameter isNaming: whether a cue begins with its speaker, where the speaker changes and more than one speaks. The name doesn't count for the
    ///   length of a line.
    func subRip(namingSpeakers isNaming: Bool, limits: CueLimits) -> [UInt8] {
        var bytes: [UInt8] = []
        var last: String?
        for (index, cue) in CueBuilder.cues(of: self, within: limits).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\n")) }
            bytes.append(contentsOf: String(index + 1).utf8)
            bytes.append(UInt8(ascii: "\n"))
            CueTimestamp(milliseconds: cue.start).write(to: &bytes, separator: ",")
            bytes.append(contentsOf: " --> ".utf8)
            CueTimestamp(milliseconds: cue.end).write(to: &bytes, separator: ",")
            bytes.append(UInt8(ascii: "\n"))
            if isNaming, speakers.count > 1, let speaker = cue.speaker?.onOneLine, !speaker.isEmpty, speaker != last {
                appendSubRip(Array("\(speaker): ".utf8), to: &bytes)
                last = speaker
            }
            for line in cue.lines {
                appendSubRip(Array(line.text.utf8), to: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        return bytes
    }
}

private func appendSubRip(_ line: [UInt8], to bytes: inout [UInt8]) {
    var index = 0
    while index < line.count {
        let byte = line[index]
        if byte == UInt8(ascii: "-"), line[index...].starts(with: "-->".utf8) {
            bytes.append(contentsOf: "→".utf8)
            index += 3
            continue
        }
        bytes.append(byte)
        index += 1
        if index < line.count, opensTag(byte, before: line[index]) {
            bytes.append(contentsOf: "\u{2060}".utf8)
        }
    }
}

private func opensTag(_ byte: UInt8, before next: UInt8) -> Bool {
    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next | 0x20)
    return switch byte {
    case UInt8(ascii: "<"): isLetter || next == UInt8(ascii: "/")
    case UInt8(ascii: "{"): isLetter || next == UInt8(ascii: "\\")
    default: false
    }
}
