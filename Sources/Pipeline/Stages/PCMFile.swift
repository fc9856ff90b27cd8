import Concurrency
import Files
import Foundation

/// The decoded signal of one job on local disk: 16 kHz, 16 bit, one channel or two interleaved ones.
///
/// The file has no name, so the kernel deletes it when this process ends, however it ends.
final class PCMFile: Sendable {
    private let descriptor: Int32
    let channels: Int
    private let calls = BlockingCalls("pcm")

    /// - Parameter channels: 1 or 2.
    init(folder: String, channels: Int) throws {
        self.channels = channels
        descriptor = UnnamedFile.openAnywhere(in: folder, prefix: "pcm")
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
    }

    deinit { close(descriptor) }

    /// Appends `bytes`.
    func append(_ bytes: [UInt8]) async throws {
        try await calls.run { [descriptor] in
            try bytes.withUnsafeBytes { buffer in
                var rest = UnsafeRawBufferPointer(buffer)
                while !rest.isEmpty {
                    let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else { throw StorageError(errno: errno) }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                }
            }
        }
    }

    /// Returns the samples of `range` as a WAV file, of one channel or of both mixed.
    func wav(_ range: Range<Int64>, of channel: SourceChannel) async throws -> [UInt8] {
        try await wav([range], of: channel)
    }

    /// Returns the samples of several ranges, one after the other, as a WAV file.
    func wav(_ ranges: [Range<Int64>], of channel: SourceChannel) async throws -> [UInt8] {
        try await calls.run { [descriptor, channels] in
            let length = ranges.reduce(0) { $0 + $1.count } * Samples.bytesEach
            var wav = WAVHeader.mono16kHz(dataBytes: length)
            wav.reserveCapacity(wav.count + length)
            for range in ranges {
                var position = range.lowerBound
                while position < range.upperBound {
                    // A second at a time, so that reading both channels does not take twice the memory.
                    let end = min(position + Samples.perSecond, range.upperBound)
                    let frames = try Self.read(descriptor, position..<end, channels: channels)
                    Self.append(frames, of: channel, channels: channels, to: &wav)
                    position = end
                }
            }
            return wav
        }
    }

    /// Returns the frames of `range`, each with one sample per channel.
    private static func read(_ descriptor: Int32, _ range: Range<Int64>, channels: Int) throws -> [Int16] {
        let bytesEach = Samples.bytesEach * channels
        let length = range.count * bytesEach
        return try [Int16](unsafeUninitializedCapacity: range.count * channels) { buffer, count in
            var done = 0
            while done < length {
                let read = pread(
                    descriptor, UnsafeMutableRawPointer(buffer.baseAddress)?.advanced(by: done), length - done,
                    Int(range.lowerBound) * bytesEach + done)
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { throw StorageError(errno: read < 0 ? errno : EIO) }
                done += read
            }
            count = range.count * channels
        }
    }

    private static func append(_ frames: [Int16], of channel: SourceChannel, channels: Int, to wav: inout [UInt8]) {
        let samples: [Int16] =
            switch (channels, channel) {
            case (1, _): frames
            case (_, .left): stride(from: 0, to: frames.count, by: 2).map { frames[$0] }
            case (_, .right): stride(from: 1, to: frames.count, by: 2).map { frames[$0] }
            case (_, .mixed):
                stride(from: 0, to: frames.count, by: 2).map { Int16((Int(frames[$0]) + Int(frames[$0 + 1])) / 2) }
            }
        samples.withUnsafeBytes { wav.append(contentsOf: $0) }
    }
}
