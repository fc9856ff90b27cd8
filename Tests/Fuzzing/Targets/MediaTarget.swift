import CAV
import Files
import Foundation
import Glibc
import MediaTool

/// A media file: `Probe` and `Decode`, in this process. In the product they run in a process of their own, in its sandbox.
///
/// Each file ends in a report or in one of the documented refusals, within the processor time that a probe may take.
struct MediaTarget: FuzzTarget {
    let longest = 65_536
    let seeds: [[UInt8]]
    let dictionary = [
        "RIFF", "WAVE", "fmt ", "data", "LIST", "ftyp", "moov", "trak", "mdia", "minf", "stbl", "stsd", "stsz", "stco",
        "stts",
        "stsc", "esds", "elst", "mdat", "moof", "traf", "trun", "OggS", "OpusHead", "OpusTags", "\u{1}vorbis", "fLaC",
        "ID3",
        "TAG", "Xing", "Info", "LAME", "AVI ", "strl", "strh", "idx1", "movi", "01wb", "webm", "matroska", "A_OPUS",
        "A_VORBIS",
        "mp4a", "alac", "samr", "w64 ", "\u{0}\u{0}\u{0}\u{8}", "\u{0}\u{0}\u{0}\u{1}",
    ]
    /// In seconds of the processor. Far more than any of these small files takes.
    private static let longestSeconds = 20.0
    private static let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    private static let mostSamples: Int64 = 16_000 * 30

    private let file: File

    /// The file that is read, without a name, and its bytes.
    // Unchecked because of the pointer: one loop writes to it.
    private final class File: @unchecked Sendable {
        let descriptor: Int32
        private let bytes: UnsafeMutableRawPointer
        private let room: Int

        init(room: Int) throws {
            descriptor = UnnamedFile.openAnywhere(in: FileManager.default.temporaryDirectory.path, prefix: "fuzz")
            guard descriptor >= 0, ftruncate(descriptor, off_t(room)) == 0,
                let bytes = mmap(nil, room, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), bytes != MAP_FAILED
            else { throw FuzzFinding("there is no file to write to (errno \(errno))") }
            (self.bytes, self.room) = (bytes, room)
        }

        deinit {
            munmap(bytes, room)
            close(descriptor)
        }

        /// Makes the file begin with these bytes.
        func write(_ input: [UInt8]) {
            input.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: bytes, count: room).copyMemory(from: $0) }
        }
    }

    init(seeds: [[UInt8]]) throws {
        self.seeds = seeds
        file = try File(room: longest)
        verbatim_av_silence()
        av_max_alloc(Sandbox.largestAllocation)
    }

    func check(_ input: [UInt8]) async throws -> String {
        // As in `MediaTool`, which lets no empty file get so far.
        guard !input.isEmpty else { return "empty" }
        file.write(input)
        let source = Input(descriptor: file.descriptor, size: Int64(input.count))
        let start = OwnUse.processorSeconds()
        let answer = try decode(source)
        let seconds = OwnUse.processorSeconds() - start
        try require(seconds < Self.longestSeconds, "a file of \(input.count) bytes took \(seconds) s")
        return answer
    }

    private func decode(_ file: Input) throws -> String {
        do {
            let report = try Probe().report(on: file)
            try require(report.channels > 0 && report.sampleRate > 0, "a report has no sound: \(report.json)")
            var answer = "\(report.container) \(report.codec) \(min(report.channels, 3)) \(report.json.count / 4)"
            let channels = 1 + report.channels % 2
            let trailer = try Decode(channels: channels, maxSamples: Self.mostSamples, output: Self.nowhere).run(
                on: file)
            try require((0...Self.mostSamples).contains(trailer.samples), "\(trailer.samples) samples were decoded")
            answer += " \(trailer.samples.signum())"
            return answer
        } catch let refusal as Refusal {
            return "\(refusal.reason.rawValue) \(refusal.detail)"
        }
    }
}
