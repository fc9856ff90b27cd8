import Foundation
import TestSupport
import Testing

/// Other people's programs with which customers read transcripts (`Tests/Readers`, and LibreOffice).
enum ForeignReader {
    /// What python-docx finds in a Word document that is valid by the rules of the Open XML SDK.
    struct WordDocument: Decodable {
        struct Turn: Decodable, Equatable {
            var speaker: String?
            var time: String
            var text: String
            var rightToLeft = false
            var wordsRightToLeft = false
        }

        let title: String
        let titleProperty: String
        let languageProperty: String
        let languages: [String: String]
        let facts: [[String]]
        let turns: [Turn]
        let others: [String]
    }

    /// A cue as FFmpeg shows it.
    struct ShownCue: Decodable {
        let start: Int64
        let end: Int64
        let text: String
    }

    /// What pysubs2 finds in an ASS file, and what FFmpeg shows of it.
    struct SubStationAlpha: Decodable {
        struct Event: Decodable {
            let start: Int64
            let end: Int64
            let voice: String?
            let lines: [String]

            var cue: SubtitleFile.Cue { .init(start: start, end: end, voice: voice, lines: lines) }
        }

        let cues: [Event]
        let styles: [String]
        let shown: [ShownCue]
    }

    /// A picture on which libass drew subtitles, or nothing. The time is in milliseconds.
    struct Frame: Decodable {
        let time: Int64
        let isDrawn: Bool
    }

    /// A block of Markdown: a heading, a list item or a paragraph.
    struct MarkdownBlock: Decodable {
        let kind: String
        let text: String
        let bold: String
        let isFact: Bool
    }

    /// A row of a CSV file.
    struct SegmentRow: Decodable {
        let segment: String
        let start: String
        let end: String
        let speaker: String
        let confidence: String
        let text: String
    }

    /// The files as other people's programs read them (`Tests/Readers/read.py` says which).
    static func read<Reading: Decodable>(
        _ files: [[UInt8]], as format: String, _ reading: Reading.Type = Reading.self
    ) async throws -> [Reading] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let result = try await python(format, try write(files, as: format, to: folder))
        try #require(result.status == 0, "\(result.errors)")
        let readings = try JSONDecoder().decode([Reading].self, from: Data(result.output.utf8))
        try #require(readings.count == files.count)
        return readings
    }

    /// The error of a reader that rejects the file; nil if it accepts it.
    static func refusal(of file: [UInt8], as format: String) async throws -> String? {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let result = try await python(format, try write([file], as: format, to: folder))
        return result.status == 0 ? nil : result.errors
    }

    /// The lines that LibreOffice shows of each Word document.
    static func libreOfficeLines(_ files: [[UInt8]]) async throws -> [[String]] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let paths = try write(files, as: "docx", to: folder)
        // A profile of its own: LibreOffice shares none between processes, and writes to its user's otherwise.
        let result = try await Command.run(
            "soffice",
            [
                "-env:UserInstallation=file://\(folder.path)/profile", "--headless", "--convert-to",
                "txt:Text (encoded):UTF8", "--outdir", folder.path + "/text",
            ] + paths,
            environment: ["HOME": folder.path, "LC_ALL": "C.UTF-8"])
        try #require(result.status == 0, "LibreOffice failed; scripts/setup --test installs it: \(result.errors)")
        return try paths.indices.map { index in
            let path = "\(folder.path)/text/\(index).txt"
            let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            // With a byte-order mark at the start and a line end at the end.
            return text.unicodeScalars.filter { $0.value != 0xFEFF }
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
        }
    }

    private static func write(_ files: [[UInt8]], as format: String, to folder: TemporaryFolder) throws -> [String] {
        try files.enumerated().map { index, bytes in
            let path = "\(folder.path)/\(index).\(format)"
            try Data(bytes).write(to: URL(filePath: path))
            return path
        }
    }

    private static func python(_ format: String, _ paths: [String]) async throws -> Command.Result {
        let readers = Checkout.root + "/Tests/Readers"
        try #require(
            FileManager.default.isExecutableFile(atPath: readers + "/.venv/bin/python"),
            "the readers are missing: run scripts/setup --test")
        return try await Command.run(
            readers + "/.venv/bin/python", ["-B", readers + "/read.py", format] + paths,
            environment: ["PYTHONUTF8": "1"])
    }
}
