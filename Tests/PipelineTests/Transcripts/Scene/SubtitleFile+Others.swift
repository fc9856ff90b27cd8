import Pipeline
import Testing

/// TTML, ASS and LRC, as far as we write them.
extension SubtitleFile {
    /// That the XML is well-formed is for other people's readers to say.
    init(timedText bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        let declaration =
            /<ttm:agent xml:id="([a-z]+[0-9]+)" type="person"><ttm:name type="alias">([^<]*)<\/ttm:name><\/ttm:agent>/
        let cue =
            /<p region="bottom" style="cue" begin="([^"]*)" end="([^"]*)"( ttm:agent="([^"]*)")?( tts:direction="rtl")?><span style="text">(.*)<\/span><\/p>/
        let elements = /<([^>]*)>/
        var agents: [Substring: String] = [:]
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for line in lines {
            if let match = try declaration.matchingSemantics(.unicodeScalar).wholeMatch(in: line) {
                agents[match.1] = Self.unescaped(match.2)
            }
            guard line.hasPrefix("<p ") else { continue }
            let found = try cue.matchingSemantics(.unicodeScalar).wholeMatch(in: line)
            let match = try #require(found, "\(line)")
            let shown = match.6.unicodeScalars.split(
                separator: "<br/>".unicodeScalars, omittingEmptySubsequences: false
            )
            .map { String($0) }
            try #require(!shown.joined().contains(elements), "\(line)")
            let voice = match.4.flatMap { agents[$0] }
            try #require(match.4 == nil || voice != nil, "an agent that is not declared")
            cues.append(
                Cue(
                    start: try Self.milliseconds(String(match.1), separator: ".", hours: 2),
                    end: try Self.milliseconds(String(match.2), separator: ".", hours: 2),
                    voice: voice,
                    lines: shown.map { Self.unescaped($0[...]) }))
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        var scalars = Array(text.unicodeScalars)
        for (escape, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            scalars = Array(scalars.replacing(escape.unicodeScalars, with: character.unicodeScalars))
        }
        return String(String.UnicodeScalarView(scalars))
    }

    init(subStationAlpha bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(lines.first == "[Script Info]" && lines.last == "" && lines.contains("[Events]"))
        let styles = lines.filter { $0.hasPrefix("Style: ") }.map { $0.dropFirst(7).prefix { $0 != "," } }
        for line in lines.drop(while: { $0 != "[Events]" }).dropFirst(2).dropLast() {
            let scalars = line.unicodeScalars
            try #require(scalars.starts(with: "Dialogue: ".unicodeScalars), "an event: \(line)")
            let fields = scalars.dropFirst(10).split(separator: ",", maxSplits: 9, omittingEmptySubsequences: false)
                .map { String($0) }
            try #require(fields.count == 10 && styles.contains(fields[3][...]), "\(line)")
            var cue = Cue(
                start: try Self.milliseconds(fields[1], separator: ".", hours: 1),
                end: try Self.milliseconds(fields[2], separator: ".", hours: 1),
                voice: fields[4].isEmpty ? nil : fields[4], lines: [""])
            wordTimes.append(try Self.show(fields[9], in: &cue))
            cues.append(cue)
        }
    }

    /// Puts the text of an event into the lines as players show it. Returns when its words begin.
    private static func show(_ text: String, in cue: inout Cue) throws -> [Int64] {
        var times: [Int64] = []
        var time = cue.start
        var line = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch (scalar, rest.first) {
            case ("\\", "N"):
                rest.removeFirst()
                cue.lines[cue.lines.count - 1] = String(line)
                cue.lines.append("")
                line = .init()
            case ("\u{FF5B}", _): line.append("{")
            case ("\u{FF5D}", _): line.append("}")
            case ("\\", "\u{2060}"):
                rest.removeFirst()
                line.append(scalar)
            case ("\\", _): Issue.record("a backslash that players interpret: \(text)")
            case ("{", _):
                let end = try #require(rest.firstIndex(of: "}"))
                let tag = String(rest[..<end])
                let centiseconds = try #require(tag.hasPrefix("\\k") ? Int64(tag.dropFirst(2)) : nil, "a tag: \(tag)")
                times.append(time)
                time += centiseconds * 10
                rest = rest[end...].dropFirst()
            default: line.append(scalar)
            }
        }
        cue.lines[cue.lines.count - 1] = String(line)
        if !times.isEmpty { try #require(time == cue.end, "the words last as long as the cue: \(text)") }
        return times
    }

    init(lyrics bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(lines.last == "")
        var shown: [Cue] = []
        for line in lines.dropLast() {
            let scalars = line.unicodeScalars
            try #require(scalars.first == "[")
            let end = try #require(scalars.firstIndex(of: "]"))
            let tag = String(scalars[..<end].dropFirst())
            if tag.hasPrefix("ti:") || tag.hasPrefix("length:") {
                try #require(shown.isEmpty && scalars.index(after: end) == scalars.endIndex)
                continue
            }
            let start = try Self.milliseconds("0:" + tag, separator: ".", hours: 1, mostMinutes: .max)
            if !shown.isEmpty { shown[shown.count - 1].end = start }
            var times: [Int64] = []
            var rest = scalars[end...].dropFirst()
            var words = String.UnicodeScalarView()
            while let scalar = rest.popFirst() {
                if scalar == "<", rest.first.map({ ("0"..."9").contains($0) }) == true {
                    let end = try #require(rest.firstIndex(of: ">"))
                    times.append(
                        try Self.milliseconds("0:" + String(rest[..<end]), separator: ".", hours: 1, mostMinutes: .max))
                    rest = rest[end...].dropFirst()
                    continue
                }
                try #require(scalar != "[" || rest.isEmpty || rest.first == "\u{2060}", "a tag within text: \(line)")
                words.append(scalar)
            }
            shown.append(Cue(start: start, end: start, lines: [String(words)]))
            if !words.isEmpty { wordTimes.append(times) }
        }
        try #require(shown.isEmpty || shown.last?.text == "", "the last line is taken away")
        cues = shown.filter { $0.text != "" }
    }

    /// Hours of at least so many digits, minutes and seconds of two, and at least two digits of a fraction.
    private static func milliseconds(
        _ text: String, separator: Character, hours: Int, mostMinutes: Int64 = 59
    ) throws -> Int64 {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        try #require(parts.count == 3, "a time: \(text)")
        let rest = parts[2].split(separator: separator, omittingEmptySubsequences: false)
        try #require(rest.count == 2 && parts[0].count >= hours && rest[0].count == 2, "a time: \(text)")
        try #require(parts[1].count >= 2 && (2...3).contains(rest[1].count), "a time: \(text)")
        let numbers = try [parts[0], parts[1], rest[0], rest[1]].map { digits in
            try #require(digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(digits) : nil, "a time: \(text)")
        }
        try #require(numbers[1] <= mostMinutes && numbers[2] < 60, "a time: \(text)")
        let fraction = rest[1].count == 2 ? numbers[3] * 10 : numbers[3]
        return ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1_000 + fraction
    }
}
