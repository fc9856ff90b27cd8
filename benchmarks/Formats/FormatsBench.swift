// How long a ten-hour transcript takes: to read from its stored form, and to render in each format.
//
// Prints one JSON object a line: {"step":"docx","words":100000,"bytes":…,"milliseconds":…,"slowest":…}, the median and
// the slowest of several runs of the wall clock.

import Foundation
import Pipeline

@main struct FormatsBench {
    private static let runs = 7

    static func main() throws {
        let transcript = TenHours.transcript()
        let words = transcript.segments.reduce(0) { $0 + $1.words.count }
        let stored = try JSONEncoder().encode(transcript)
        try measure("decode", words: words) {
            _ = try JSONDecoder().decode(Transcript.self, from: stored)
            return stored.count
        }
        for format in TranscriptFormat.allCases {
            measure(format.rawValue, words: words) { transcript.rendered(as: format, title: "interview.mp3").count }
        }
        // The most ways to break a cue into lines, and a time for each word.
        let largest = CueLimits(columnsPerLine: 80, lines: 4, longest: 30_000)
        for format in [TranscriptFormat.srt, .vtt, .ttml, .ass, .lrc] {
            measure("\(format.rawValue), 4 lines of 80", words: words) {
                transcript.rendered(as: format, title: "interview.mp3", cues: largest, timingWords: true).count
            }
        }
    }

    private static func measure(_ step: String, words: Int, _ work: () throws -> Int) rethrows {
        var bytes = 0
        var times: [Double] = []
        for _ in 0..<runs {
            let time = try ContinuousClock().measure { bytes = try work() }
            times.append(time / .milliseconds(1))
        }
        times.sort()
        print(
            #"{"step":"\#(step)","words":\#(words),"bytes":\#(bytes),"#
                + #""milliseconds":\#(rounded(times[runs / 2])),"slowest":\#(rounded(times[runs - 1]))}"#)
    }

    private static func rounded(_ milliseconds: Double) -> Double { (milliseconds * 10).rounded() / 10 }
}
