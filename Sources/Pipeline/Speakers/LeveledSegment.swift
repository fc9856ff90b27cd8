import Foundation

/// A segment and its level in its own channel.
package struct LeveledSegment: Sendable {
    package var segment: Transcript.Segment
    /// dBFS; 0 if there is no other channel.
    package let level: Double

    package init(segment: Transcript.Segment, level: Double = 0) {
        self.segment = segment
        self.level = level
    }
}

/// The level of a segment in the audio in which it was recognized.
enum SegmentLevel {
    /// Returns the mean energy in dBFS; -120 for digital silence and for a segment outside of the audio.
    static func of(_ segment: Transcript.Segment, in wav: [UInt8]) -> Double {
        let samples = (wav.count - WAVHeader.length) / Samples.bytesEach
        let first = min(samples, Int(Samples.from(milliseconds: max(0, segment.start))))
        let last = min(samples, Int(Samples.from(milliseconds: max(0, segment.end))))
        guard first < last else { return -120 }
        var energy = 0.0
        for index in first..<last {
            let byte = WAVHeader.length + index * Samples.bytesEach
            let sample = Int16(bitPattern: UInt16(wav[byte]) | UInt16(wav[byte + 1]) << 8)
            energy += Double(sample) * Double(sample)
        }
        let mean = energy / Double(last - first) / (32768 * 32768)
        return max(-120, 10 * log10(max(mean, 1e-12)))
    }
}
