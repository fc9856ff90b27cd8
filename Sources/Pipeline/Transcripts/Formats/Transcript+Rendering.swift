// The one door to the formats. Each is a pure function of the transcript; all bytes are UTF-8.

extension Transcript {
    /// The transcript in a customer's format. Never fails, whatever the recogniser wrote; times are put in order
    /// first (see `ordered()`). Takes time and memory in proportion to the words.
    package func rendered(as format: TranscriptFormat) -> [UInt8] {
        let transcript = ordered()
        return switch format {
        case .json: transcript.json()
        case .txt: transcript.plainText()
        case .srt: transcript.subRip()
        case .vtt: transcript.webVTT()
        }
    }
}
