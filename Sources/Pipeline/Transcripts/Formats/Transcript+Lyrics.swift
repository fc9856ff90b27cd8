// LRC (.lrc), which music players and karaoke programs show line by line. Each cue is one line.
//
// The format has no escapes. If something looks like a tag ("[00:01.00]", "<00:01.00>"), an invisible word joiner (U+2060) after the bracket keeps players
// from interpreting it.

extension Transcript {
    /// - Parameters:
    ///   - title: The recording's name, for the file's header.
    ///   - isNaming: Whether a line begins with its speaker, where the speaker changes and more than one speaks. The name doesn't count for the
    ///     length of a line.
    ///   - timesWords: Whether each word has a time before it ("enhanced LRC").
    func lyrics(title: String?, namingSpeakers isNaming: Bool, limits: CueLimits, timesWords: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        if let name = title?.onOneLine, !name.isEmpty {
            // A bracket would end the title.
            let bare = name.replacing("[", with: "(").replacing("]", with: ")")
            bytes.append(contentsOf: "[ti:\(bare)]\n".utf8)
        }
        let length = CentisecondTime(milliseconds: durationMilliseconds).withMinutes
        bytes.append(contentsOf: "[length:\(length.prefix { $0 != "." })]\n".utf8)
        var speaker: String?
        var last: CentisecondTime?
        for cue in CueBuilder.cues(of: self, within: limits.onOneLine) {
            let (start, end) = cue.centiseconds(from: last ?? CentisecondTime(centiseconds: 0))
            // An empty line clears the screen.
            if let last, last < start { bytes.append(contentsOf: "[\(last.withMinutes)]\n".utf8) }
            last = end
            bytes.append(contentsOf: "[\(start.withMinutes)]".utf8)
            if isNaming, speakers.count > 1, let name = cue.speaker?.onOneLine, !name.isEmpty, name != speaker {
                appendLyrics("\(name): ", to: &bytes)
                speaker = name
            }
            for (line, starts) in zip(cue.lines, cue.wordStarts) {
                if timesWords {
                    for (index, (fragment, time)) in zip(line, starts).enumerated() {
                        if index > 0 && fragment.spaced { bytes.append(UInt8(ascii: " ")) }
                        if let time {
                            let time = min(max(CentisecondTime(milliseconds: time), start), end)
                            bytes.append(contentsOf: "<\(time.withMinutes)>".utf8)
                        }
                        appendLyrics(fragment.text, to: &bytes)
                    }
                } else {
                    appendLyrics(line.text, to: &bytes)
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        if let last { bytes.append(contentsOf: "[\(last.withMinutes)]\n".utf8) }
        return bytes
    }
}

private func appendLyrics(_ text: String, to bytes: inout [UInt8]) {
    var last: UInt8?
    for byte in text.utf8 {
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        // FFmpeg drops a bracket that follows a tag.
        let followsTag = byte == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
        if last == UInt8(ascii: "[") || last == UInt8(ascii: "<") && isDigit || followsTag {
            bytes.append(contentsOf: "\u{2060}".utf8)
        }
        bytes.append(byte)
        last = byte
    }
}
