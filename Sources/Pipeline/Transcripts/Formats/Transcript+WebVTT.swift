// WebVTT (.vtt), as specified by the W3C. "&", "<" and ">" are escaped, which also keeps "-->" out of the text.

extension Transcript {
    /// - Parameters:
    ///   - isNaming: Whether cues name their speaker.
    ///   - timesWords: Whether words have the time before them at which they are said.
    func webVTT(namingSpeakers isNaming: Bool, limits: CueLimits, timesWords: Bool) -> [UInt8] {
        var bytes = Array("WEBVTT\n".utf8)
        for cue in CueBuilder.cues(of: self, within: limits) {
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
            if timesWords {
                cue.appendTimedWords(to: &bytes)
            } else {
                for line in cue.lines {
                    appendWebVTT(line.text, to: &bytes)
                    bytes.append(UInt8(ascii: "\n"))
                }
            }
        }
        return bytes
    }
}

extension Cue {
    /// Writes the lines with a time before each word. A time must be later than the one before it and within the cue, so words that are said at the
    /// same time, and those that are said when the cue appears, have none.
    fileprivate func appendTimedWords(to bytes: inout [UInt8]) {
        var last = start
        for (line, starts) in zip(lines, wordStarts) {
            for (index, (fragment, time)) in zip(line, starts).enumerated() {
                if index > 0 && fragment.spaced { bytes.append(UInt8(ascii: " ")) }
                if let time, time > last, time < end {
                    bytes.append(UInt8(ascii: "<"))
                    CueTimestamp(milliseconds: time).write(to: &bytes, separator: ".")
                    bytes.append(UInt8(ascii: ">"))
                    last = time
                }
                appendWebVTT(fragment.text, to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
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
