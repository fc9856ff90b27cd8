import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct ChannelComparisonTests {
    private static let length = 160_000

    /// Something like a voice: noise that comes and goes by syllables, of that amplitude, up to a sample.
    private static func voice(_ seed: UInt64, amplitude: Double, to end: Int = length) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        var loudness = 1.0
        return (0..<length).map { index in
            if index % 2_400 == 0 { loudness = Double.random(in: 0...1, using: &generator) }
            let sample = Double.random(in: -1...1, using: &generator) * loudness * loudness
            return index < end ? sample * amplitude : 0
        }
    }

    /// The sound as another microphone of the room hears it: the same loudness, other samples.
    private static func elsewhere(_ sound: [Double], _ seed: UInt64) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return sound.indices.map { sound[($0 + 37) % length] * (Bool.random(using: &generator) ? 1 : -0.6) }
    }

    private static func channels(_ left: [Double], _ right: [Double]) -> [SourceChannel] {
        var comparison = ChannelComparison()
        var bytes: [UInt8] = []
        for (a, b) in zip(left, right) {
            for sample in [a, b] {
                withUnsafeBytes(of: Int16(max(-32_768, min(32_767, sample * 32_767))).littleEndian) { bytes += $0 }
            }
        }
        // In blocks, as the decoder gives them.
        for start in stride(from: 0, to: bytes.count, by: 10_000) {
            comparison.add(Array(bytes[start..<min(bytes.count, start + 10_000)]))
        }
        return comparison.channels
    }

    private static func mixed(_ first: [Double], _ second: [Double], share: Double) -> [Double] {
        zip(first, second).map { $0 + $1 * share }
    }

    @Test func `two voices are two channels, also with bleed, and also when one of them hardly speaks`() {
        let (one, other) = (Self.voice(1, amplitude: 0.3), Self.voice(2, amplitude: 0.2))
        #expect(Self.channels(one, other) == [.left, .right])
        #expect(
            Self.channels(Self.mixed(one, other, share: 0.2), Self.mixed(other, one, share: 0.2)) == [.left, .right])
        #expect(Self.channels(one, Self.voice(2, amplitude: 0.2, to: 3_000)) == [.left, .right])
        #expect(Self.channels(one, Self.voice(2, amplitude: 0.01)) == [.left, .right])
    }

    @Test func `one voice on both channels is one, at any loudness, and as a lossy codec leaves it`() {
        let voice = Self.voice(1, amplitude: 0.3)
        #expect(Self.channels(voice, voice) == [.mixed])
        #expect(Self.channels(voice, voice.map { $0 * 0.1 }) == [.mixed])
        #expect(Self.channels(voice, Self.mixed(voice, Self.voice(9, amplitude: 0.3), share: 0.05)) == [.mixed])
    }

    @Test func `one voice whose other side is reversed is one, also as a lossy codec leaves it`() {
        let voice = Self.voice(1, amplitude: 0.3)
        #expect(Self.channels(voice, voice.map { -$0 }) == [.mixed])
        #expect(Self.channels(voice, voice.map { $0 * -0.1 }) == [.mixed])
        let hiss = Self.mixed(voice.map { -$0 }, Self.voice(9, amplitude: 0.3), share: 0.05)
        #expect(Self.channels(voice, hiss) == [.mixed])
    }

    @Test(arguments: [2_400, 4_800, 12_000])
    func `one voice that comes later on one side is heard once, from the louder side`(delay: Int) {
        let voice = Self.voice(1, amplitude: 0.3)
        let late = (0..<Self.length).map { $0 < delay ? 0 : voice[$0 - delay] * 0.8 }
        #expect(Self.channels(voice, late) == [.left])
        #expect(Self.channels(late, voice) == [.right])
    }

    @Test func `a room that two microphones hear is one`() {
        let room = Self.mixed(Self.voice(1, amplitude: 0.3), Self.voice(2, amplitude: 0.2), share: 1)
        #expect(Self.channels(room, Self.elsewhere(room, 3)) == [.mixed])
    }

    @Test func `a channel that nobody uses is left out`() {
        let voice = Self.voice(1, amplitude: 0.3)
        let silence = voice.map { _ in 0.0 }
        #expect(Self.channels(voice, silence) == [.left])
        #expect(Self.channels(silence, voice) == [.right])
        #expect(Self.channels(Self.voice(3, amplitude: 0.00005), voice) == [.right])
        #expect(Self.channels(silence, silence) == [.mixed])
    }
}
