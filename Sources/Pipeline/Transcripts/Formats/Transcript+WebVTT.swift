// WebVTT (.vtt), as specified by the W3C. "&", "<" and ">" are escaped, which also keeps "-->" out of the text.

extension Transcript {
    func webVTT(namingSpeakers isNaming: Bool) -> [UInt8] {
        var bytes = Array("WEBVTT\n".utf8)
        for cue in CueBuilder.cues(of: self) {
            bytes.append(UInt8(ascii: "\n"))
            CueTimestamp(milliseconds: cue.start).write(to: &bytes, separator: ".")
            bytes.append(contentsOf: " --> ".utf8)
            CueTimestamp(milliseconds: cue.end).write(to: &bytes, separator: ".")
            bytes.append(UInt8(ascii: "\n"))
            if isNaming, let voice = cue.speaker?.onOneLine, !voice.isEmpty {
                bytes.append(contentsOf: "<v ".utf8)
                appendWebVTT(voice, to: &bytes)
                // The end tag may be omitted if the voice speaks the whole cue.
                bytes.append(UInt8(ascii: ">"))
            }
            for line in cue.lines {
                appendWebVTT(line, to: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        return bytes
    }
}

private func appendWebVTT(_ text: String, to bytes: inout [UInt8]) {
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
        case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
        case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
        default: bytes.append(byte)
        }
    }
}
