/// A time as in subtitle files: `HH:MM:SS` and milliseconds. Hours may have more than two digits.
struct CueTimestamp {
    let milliseconds: Int64

    func write(to bytes: inout [UInt8], separator: Unicode.Scalar) {
        let seconds = milliseconds / 1_000
        pad(seconds / 3_600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        pad(seconds / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        pad(seconds % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: separator))
        pad(milliseconds % 1_000, digits: 3, to: &bytes)
    }

    private func pad(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        let text = String(value)
        for _ in 0..<max(0, digits - text.utf8.count) { bytes.append(UInt8(ascii: "0")) }
        bytes.append(contentsOf: text.utf8)
    }
}
