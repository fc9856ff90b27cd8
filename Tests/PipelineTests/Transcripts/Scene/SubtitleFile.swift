import Testing

/// A strict reader of subtitles, so that tests see what a player shows. Like players, it reads scalars: a combining mark after ">" must not hide
/// it.
struct SubtitleFile {
    struct Cue: Equatable, Decodable {
        var start: Int64
        var end: Int64
        var voice: String?
        /// The lines as shown, without WebVTT's escapes.
        var lines: [String]
        var text: String { lines.joined(separator: " ") }
    }

    var cues: [Cue] = []
    /// For each cue the times that its words have, if the file has them.
    var wordTimes: [[Int64]] = []

    init(subRip bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        for (index, block) in try Self.blocks(of: text).enumerated() {
            try #require(block.first == String(index + 1), "cues are numbered from 1")
            cues.append(try Self.cue(block.dropFirst(), separator: ","))
        }
    }

    init(webVTT bytes: [UInt8]) throws {
        let text = try #require(String(validating: bytes, as: UTF8.self))
        try #require(text.hasPrefix("WEBVTT\n"))
        let blocks = try Self.blocks(of: text)
        try #require(blocks.first == ["WEBVTT"])
        for block in blocks.dropFirst() {
            var cue = try Self.cue(block[...], separator: ".")
            wordTimes.append(try Self.takeWordTimes(of: &cue))
            let first = cue.lines[0].unicodeScalars
            if first.starts(with: "<v ".unicodeScalars), let end = first.firstIndex(of: ">") {
                cue.voice = String(first[..<end].dropFirst(3))
                cue.lines[0] = String(first[end...].dropFirst())
            }
            try #require(!cue.text.unicodeScalars.contains { $0 == "<" || $0 == ">" }, "text is escaped")
            cue.lines = cue.lines.map {
                $0.unicodeScalars.replacing("&lt;".unicodeScalars, with: "<".unicodeScalars)
                    .replacing("&gt;".unicodeScalars, with: ">".unicodeScalars)
                    .replacing("&amp;".unicodeScalars, with: "&".unicodeScalars)
            }.map(String.init)
            cues.append(cue)
        }
    }

    /// Takes tags like `<00:00:01.000>` out of the lines, and returns their times.
    private static func takeWordTimes(of cue: inout Cue) throws -> [Int64] {
        var times: [Int64] = []
        for (index, line) in cue.lines.enumerated() {
            var shown = String.UnicodeScalarView()
            var rest = line.unicodeScalars[...]
            while let scalar = rest.first {
                guard scalar == "<", rest.dropFirst().first.map({ ("0"..."9").contains($0) }) == true,
                    let end = rest.firstIndex(of: ">")
                else {
                    shown.append(rest.removeFirst())
                    continue
                }
                times.append(try milliseconds(String(rest[..<end].dropFirst()), "."))
                rest = rest[end...].dropFirst()
            }
            cue.lines[index] = String(shown)
        }
        return times
    }

    private static func blocks(of text: String) throws -> [[String]] {
        if text.isEmpty { return [] }
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(lines.last == "", "the file ends with a line end")
        let blocks = lines.dropLast().split(separator: "", omittingEmptySubsequences: false).map(Array.init)
        try #require(!blocks.contains([]), "one blank line between blocks, none at the end")
        return blocks
    }

    private static func cue(_ block: ArraySlice<String>, separator: Character) throws -> Cue {
        let times = try #require(block.first).split(separator: " --> ").map(String.init)
        try #require(times.count == 2)
        let lines = Array(block.dropFirst())
        try #require(!lines.isEmpty)
        return Cue(
            start: try milliseconds(times[0], separator), end: try milliseconds(times[1], separator), lines: lines)
    }

    /// Hours of two digits or more, then exactly two, two and three digits.
    private static func milliseconds(_ text: String, _ separator: Character) throws -> Int64 {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        try #require(parts.count == 3, "a time: \(text)")
        let rest = parts[2].split(separator: separator, omittingEmptySubsequences: false)
        try #require(rest.count == 2, "a time: \(text)")
        let digits = [parts[0], parts[1], rest[0], rest[1]]
        try #require(digits.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }, "a time: \(text)")
        try #require(digits[0].count >= 2 && digits.dropFirst().map(\.count) == [2, 2, 3], "a time: \(text)")
        let numbers = try digits.map { try #require(Int64($0)) }
        try #require(numbers[1] < 60 && numbers[2] < 60, "a time: \(text)")
        return ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1_000 + numbers[3]
    }
}
