// Text for reading: a paragraph per speaker's turn, a blank line between.

extension Transcript {
    /// Paragraphs are led by "speaker_0: " where there is more than one speaker. Ends with a line end; a
    /// transcript without words is empty.
    func plainText() -> [UInt8] {
        var bytes: [UInt8] = []
        for paragraph in paragraphs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            if speakers.count > 1, let speaker = paragraph.speaker {
                bytes.append(contentsOf: speaker.onOneLine.utf8)
                bytes.append(contentsOf: ": ".utf8)
            }
            bytes.append(contentsOf: paragraph.text.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
