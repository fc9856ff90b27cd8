import Foundation

/// The samples of a WAV file that we wrote: 16 kHz, mono, 16 bit, with the header of `WAVHeader`.
package struct WAVSamples: Sendable {
    private let file: [UInt8]
    private static let bytesPerMillisecond = Int(Samples.perSecond) * Samples.bytesEach / 1000

    package init(_ file: [UInt8]) {
        self.file = file
    }

    /// Duration in milliseconds, rounded down.
    package var milliseconds: Int64 { Int64(max(0, file.count - WAVHeader.length) / Self.bytesPerMillisecond) }

    /// Returns a WAV file of a part, in milliseconds. The part must lie within the file.
    package func file(of part: Range<Int64>) -> [UInt8] {
        let bytes = bytes(of: part)
        return WAVHeader.mono16kHz(dataBytes: bytes.count) + bytes
    }

    /// Returns the middle of the quietest 100 ms in `part`, in milliseconds.
    package func weakest(in part: Range<Int64>) -> Int64 {
        let step: Int64 = 20
        let frames = stride(from: part.lowerBound, to: part.upperBound - step + 1, by: Int(step)).map {
            loudness(of: $0..<$0 + step)
        }
        let width = 5
        guard frames.count > width else { return part.upperBound }
        let sums = (0...frames.count - width).map { frames[$0..<$0 + width].reduce(0, +) }
        // Of equally quiet places the latest, because longer clips take the model less time.
        guard let least = sums.min(), let place = sums.lastIndex(of: least) else { return part.upperBound }
        return part.lowerBound + Int64(place) * step + Int64(width) * step / 2
    }

    /// Returns the level of each `step` milliseconds: mean energy in dBFS, -120 for digital silence.
    func levels(every step: Int64) -> [Float] {
        let width = Int(step) * Self.bytesPerMillisecond
        return stride(from: WAVHeader.length, to: file.count - width + 1, by: width).map { first in
            var energy: Float = 0
            for index in stride(from: first, to: first + width, by: 2) {
                let sample = Float(Int16(bitPattern: UInt16(file[index]) | UInt16(file[index + 1]) << 8)) / 32768
                energy += sample * sample
            }
            return max(-120, 10 * log10(max(energy / Float(width / 2), 1e-12)))
        }
    }

    private func loudness(of part: Range<Int64>) -> Int {
        let bytes = bytes(of: part)
        return stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).reduce(0) { sum, index in
            sum + Int(Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8).magnitude)
        }
    }

    private func bytes(of part: Range<Int64>) -> ArraySlice<UInt8> {
        let first = WAVHeader.length + Int(part.lowerBound) * Self.bytesPerMillisecond
        return file[first..<WAVHeader.length + Int(part.upperBound) * Self.bytesPerMillisecond]
    }
}
