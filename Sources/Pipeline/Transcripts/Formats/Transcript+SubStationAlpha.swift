// Advanced SubStation Alpha (.ass), version 4.00+. Each speaker has a style with a color of its own, and the cues name their speaker.
//
// The format has no escapes that all players know, and hides what is between braces. So braces become wide ones, and an invisible word joiner (U+2060) after a
// backslash keeps it from being interpreted.

extension Transcript {
    /// - Parameters:
    ///   - title: The recording's name, for the file's header.
    ///   - isNaming: Whether cues name their speaker.
    ///   - timesWords: Whether words are highlighted when they are said, as karaoke.
    func subStationAlpha(title: String?, namingSpeakers isNaming: Bool, limits: CueLimits, timesWords: Bool) -> [UInt8]
    {
        let cues = CueBuilder.cues(of: self, within: limits)
        let voices = isNaming ? Voices(of: cues) : Voices(of: [])
        var bytes = Array("[Script Info]\n".utf8)
        if let name = title?.onOneLine, !name.isEmpty { bytes.append(contentsOf: "Title: \(name)\n".utf8) }
        bytes.append(
            contentsOf: """
                ScriptType: v4.00+
                WrapStyle: 2
                ScaledBorderAndShadow: yes
                PlayResX: 1920
                PlayResY: 1080

                [V4+ Styles]
                Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
                StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
                \(style("Default", color: SubStationColor.all[0], limits))

                """.utf8)
        for index in voices.names.indices {
            let color = SubStationColor.all[index % SubStationColor.all.count]
            bytes.append(contentsOf: (style("Speaker \(index + 1)", color: color, limits) + "\n").utf8)
        }
        bytes.append(
            contentsOf: """

                [Events]
                Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text

                """.utf8)
        var last = CentisecondTime(centiseconds: 0)
        for cue in cues {
            let (start, end) = cue.centiseconds(from: last)
            last = end
            let voice = voices.index(of: cue.speaker)
            let style = voice.map { "Speaker \($0 + 1)" } ?? "Default"
            bytes.append(contentsOf: "Dialogue: 0,\(start.withHours),\(end.withHours),\(style),".utf8)
            // A comma would end the name. This quotation mark looks like one.
            if let voice { bytes.append(contentsOf: voices.names[voice].replacing(",", with: "‚").utf8) }
            bytes.append(contentsOf: ",0,0,0,,".utf8)
            if timesWords {
                cue.appendKaraoke(from: start, to: end, &bytes)
            } else {
                for (index, line) in cue.lines.enumerated() {
                    if index > 0 { bytes.append(contentsOf: "\\N".utf8) }
                    appendSubStation(line.text, to: &bytes)
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}

/// Colors by which viewers tell speakers apart, as the BBC has them: white, yellow, cyan, green. Blue, green, red in hexadecimal.
private enum SubStationColor {
    static let all = ["FFFFFF", "00FFFF", "FFFF00", "00FF00"]
}

/// Returns the line of a style: white or colored letters with a black border, at the bottom. Words that will be said are gray (for karaoke).
private func style(_ name: String, color: String, _ limits: CueLimits) -> String {
    // Lines of more columns than usual are as wide as usual ones.
    let size = min(60, 60 * 42 / limits.columnsPerLine)
    return "Style: \(name),Arial,\(size),&H00\(color),&H00A0A0A0,&H00000000,&H80000000,"
        + "0,0,0,0,100,100,0,0,1,3,0,2,60,60,50,1"
}

extension Cue {
    /// Writes the words, each after the time that it lasts: until the next one begins, and the last one until the cue ends.
    fileprivate func appendKaraoke(from start: CentisecondTime, to end: CentisecondTime, _ bytes: inout [UInt8]) {
        let starts = wordStarts.map { line in
            line.map { $0.map { min(max(CentisecondTime(milliseconds: $0), start), end).centiseconds } }
        }
        var rest = starts.joined().compactMap { $0 }[...]
        if let first = rest.first, first > start.centiseconds {
            bytes.append(contentsOf: "{\\k\(first - start.centiseconds)}".utf8)
        }
        for (index, line) in lines.enumerated() {
            if index > 0 { bytes.append(contentsOf: "\\N".utf8) }
            for (place, (fragment, time)) in zip(line, starts[index]).enumerated() {
                if place > 0 && fragment.spaced { bytes.append(UInt8(ascii: " ")) }
                if let time {
                    rest.removeFirst()
                    bytes.append(contentsOf: "{\\k\((rest.first ?? end.centiseconds) - time)}".utf8)
                }
                appendSubStation(fragment.text, to: &bytes)
            }
        }
    }
}

private func appendSubStation(_ text: String, to bytes: inout [UInt8]) {
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "{"): bytes.append(contentsOf: "\u{FF5B}".utf8)
        case UInt8(ascii: "}"): bytes.append(contentsOf: "\u{FF5D}".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\u{2060}".utf8)
        default: bytes.append(byte)
        }
    }
}
