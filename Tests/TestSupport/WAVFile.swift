/// WAV files of 16-bit samples.
package enum WAVFile {
    /// The header of a file that has, or claims to have, that many bytes of samples.
    package static func header(dataBytes: Int, channels: Int = 1, rate: Int = 16_000) -> [UInt8] {
        func field(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let frame = channels * 2
        return Array("RIFF".utf8) + field(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + field(16, 4) + field(1, 2)
            + field(channels, 2) + field(rate, 4) + field(rate * frame, 4) + field(frame, 2) + field(16, 2)
            + Array("data".utf8) + field(dataBytes, 4)
    }

    package static func bytes(_ data: [UInt8], channels: Int = 1, rate: Int = 16_000) -> [UInt8] {
        header(dataBytes: data.count, channels: channels, rate: rate) + data
    }
}
