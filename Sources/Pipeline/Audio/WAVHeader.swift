/// The header before the samples of a WAV file.
enum WAVHeader {
    /// Bytes.
    static let length = 44

    static func mono16kHz(dataBytes: Int) -> [UInt8] {
        var header: [UInt8] = []
        func append(_ text: String) { header += text.utf8 }
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { header += $0 }
        }
        append("RIFF")
        append(UInt32(36 + dataBytes))
        append("WAVEfmt ")
        append(UInt32(16))
        append(UInt16(1))  // PCM
        append(UInt16(1))  // channels
        append(UInt32(Samples.perSecond))
        append(UInt32(Samples.perSecond) * UInt32(Samples.bytesEach))
        append(UInt16(Samples.bytesEach))
        append(UInt16(16))  // bits a sample
        append("data")
        append(UInt32(dataBytes))
        return header
    }
}
