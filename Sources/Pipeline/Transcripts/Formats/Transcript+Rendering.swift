// The one door to the formats. Each is a pure function of the transcript: the same words, the same bytes.

extension Transcript {
    /// The transcript in a customer's format. Never fails, whatever the recogniser wrote; times are put in order
    /// first (see `ordered()`). Takes time and memory in proportion to the words: half a second for ten hours, so
    /// callers on Swift's pool go through a `TranscriptRenderer`.
    /// - Parameter title: what to call the recording in the formats that have a heading; nil or blank: "Transcript".
    package func rendered(as format: TranscriptFormat, title: String? = nil) -> [UInt8] {
        let transcript = ordered()
        return switch format {
        case .json: transcript.json()
        case .txt: transcript.plainText()
        case .srt: transcript.subRip()
        case .vtt: transcript.webVTT()
        case .docx: transcript.wordDocument(title: title)
        }
    }
}
