/// The stretches of a piece that our own model server is to hear, made of where somebody speaks.
///
/// Measured with Whisper base on readings, telephone speech, short commands, and speech between noise and music, on top of a detector that
/// adds a tenth of a second itself: without the lead, first words after a pause go astray; longer ones gain nothing, and silence kept
/// between sentences costs windows.
package enum WhisperSpans {
    /// Milliseconds. Detectors hear the first sound of a word late, above all after noise or music.
    private static let lead: Int64 = 500
    private static let tail: Int64 = 300

    /// - Parameter speech: milliseconds, in order, apart from each other; so is the answer.
    package static func widened(_ speech: [Range<Int64>], within duration: Int64) -> [Range<Int64>] {
        speech.reduce(into: []) { widened, span in
            let start = max(0, span.lowerBound - lead)
            let end = min(duration, span.upperBound + tail)
            if let last = widened.last, start <= last.upperBound {
                widened[widened.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else if start < end {
                widened.append(start..<end)
            }
        }
    }
}
