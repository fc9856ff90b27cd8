// Comma-separated values (.csv, RFC 4180) for spreadsheets and programs: a header, and a row a segment. Times are in seconds.

import Billing
import JSON

extension Transcript {
    /// - Parameter isNaming: Whether rows name their speaker. The column is there in any case.
    func csv(namingSpeakers isNaming: Bool) -> [UInt8] {
        var bytes = Array(CSV.header(["segment", "start", "end", "speaker", "confidence", "text"]).utf8)
        for (index, segment) in segments.enumerated() {
            let line = segment.text.onOneLine
            let row: [ExportCell] = [
                .number(String(index)), .number(Self.decimal { $0.seconds(segment.start) }),
                .number(Self.decimal { $0.seconds(segment.end) }),
                isNaming ? segment.speaker.map { .text($0.onOneLine) } ?? .none : .none,
                Self.confidence(segment),
                .text(line.isEmpty ? segment.words.joinedText : line),
            ]
            bytes.append(contentsOf: CSV.row(row).utf8)
        }
        return bytes
    }

    private static func confidence(_ segment: Segment) -> ExportCell {
        guard let confidence = segment.confidence, confidence.isFinite else { return .none }
        return .number(decimal { $0.share(confidence) })
    }

    /// Returns a number as the JSON has it.
    private static func decimal(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter(capacity: 16)
        write(&json)
        return json.text
    }
}
