// Text for reading: one paragraph each time the speaker changes, with a blank line between paragraphs.

extension Transcript {
    /// Returns the transcript as text that ends with a line end. With several speakers, each paragraph begins with "speaker_0: ". Without
    /// words, the text is empty.
    func plainText(namingSpeakers isNaming: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for paragraph in paragraphs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            if isNaming, speakers.count > 1, let speaker = paragraph.speaker {
                bytes.append(contentsOf: speaker.onOneLine.utf8)
                bytes.append(contentsOf: ": ".utf8)
            }
            bytes.append(contentsOf: paragraph.text.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
