/// What the simulator knows of an uploaded WAV file.
package struct UploadedAudio: Sendable {
    package let bytes: [UInt8]
    package let milliseconds: Int

    /// Nil when it is no WAV file with uncompressed samples.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 44, bytes[..<4].elementsEqual("RIFF".utf8), bytes[8..<12].elementsEqual("WAVE".utf8) else {
            return nil
        }
        func number(at offset: Int, bytes count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        var offset = 12
        var bytesPerSecond = 0
        while offset + 8 <= bytes.count {
            let size = number(at: offset + 4, bytes: 4)
            if bytes[offset..<offset + 4].elementsEqual("fmt ".utf8), offset + 24 <= bytes.count {
                bytesPerSecond = number(at: offset + 16, bytes: 4)
            } else if bytes[offset..<offset + 4].elementsEqual("data".utf8), bytesPerSecond > 0 {
                self.bytes = bytes
                milliseconds = min(size, bytes.count - offset - 8) * 1000 / bytesPerSecond
                return
            }
            offset += 8 + size
        }
        return nil
    }
}
