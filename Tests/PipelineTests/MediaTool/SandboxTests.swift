import Pipeline
import Subprocess
import SystemPackage
import TestSupport
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

/// The tool itself, run as the caller runs it.
@Suite struct SandboxTests {
    private struct SelfCheck: Decodable {
        let seccomp: Int
        let no_new_privileges: Bool
        let refuses_open: Bool
        let refuses_socket: Bool
        let refuses_execution: Bool
        let refuses_new_process: Bool
        let refuses_signals: Bool
        let refuses_executable_memory: Bool
    }

    @Test func `inside the sandbox the kernel refuses files, sockets, programs, processes and signals`() async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Checkout.executable("verbatim-media"))), arguments: ["--self-check"],
            output: .string(limit: 4096),
            error: .string(limit: 4096))
        #expect(result.terminationStatus == .exited(0))
        let check = try JSONDecoder().decode(SelfCheck.self, from: Data(result.standardOutput.utf8))
        #expect(check.seccomp == 2 && check.no_new_privileges)
        #expect(check.refuses_open && check.refuses_socket && check.refuses_execution)
        #expect(check.refuses_new_process && check.refuses_signals && check.refuses_executable_memory)
    }

    @Test(arguments: [
        [], ["frobnicate"], ["probe", "--cpu-seconds", "0"], ["probe", "--layout", "mono"], ["decode", "--layout"],
    ])
    func `a wrong command line is refused`(arguments: [String]) async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Checkout.executable("verbatim-media"))), arguments: Arguments(arguments),
            output: .string(limit: 4096), error: .string(limit: 4096))
        #expect(result.terminationStatus == .exited(64))
        #expect(result.standardOutput.isEmpty && !result.standardError.isEmpty)
    }

    @Test func `help is printed`() async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Checkout.executable("verbatim-media"))), arguments: ["--help"], output: .string(limit: 4096),
            error: .discarded)
        #expect(result.terminationStatus == .exited(0) && result.standardOutput.contains("Usage:"))
    }

    @Test func `the kernel ends a tool that uses up its CPU time`() async throws {
        let scene = try MediaScene()
        let input = try FileDescriptor.open(try scene.hoursOfSilence(4, rate: 44_100, channels: 2), .readOnly)
        defer { try? input.close() }
        let result = try await Subprocess.run(
            .path(FilePath(Checkout.executable("verbatim-media"))), arguments: ["decode", "--cpu-seconds", "1"],
            input: .fileDescriptor(input, closeAfterSpawningProcess: false), output: .discarded,
            error: .discarded)
        #expect(result.terminationStatus == .signaled(24))
    }

    @Test(arguments: [("wav", 3), ("mp3", 3)])
    func `memory stays flat over hours`(format: String, hours: Int) async throws {
        let scene = try MediaScene()
        let path = format == "wav" ? try scene.hoursOfSilence(hours) : try await scene.hoursOfMP3(hours)
        let input = try FileDescriptor.open(path, .readOnly)
        defer { try? input.close() }
        let expected = hours * 3600 * 16_000 * 2
        let result = try await Subprocess.run(
            .path(FilePath(Checkout.executable("verbatim-media"))), arguments: ["decode"],
            input: .fileDescriptor(input, closeAfterSpawningProcess: false), output: .sequence,
            error: .string(limit: 4096)
        ) { execution in
            var count = 0
            var peak = 0
            for try await block in execution.standardOutput {
                // Late, while the tool still lives: it waits for us to read on.
                if count < expected / 10 * 9, count + block.count >= expected / 10 * 9 {
                    peak = try Self.peakKilobytes(of: execution.processIdentifier.value)
                }
                count += block.count
            }
            return (count: count, peak: peak)
        }
        #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
        #expect(abs(result.closureResult.count - expected) < expected / 100)
        #expect((1..<80_000).contains(result.closureResult.peak), "\(result.closureResult.peak) kB")
    }

    private static func peakKilobytes(of process: Int32) throws -> Int {
        let status = String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(process)/status")), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}

extension MediaScene {
    /// A WAV file of zeros that takes no room on the disk.
    fileprivate func hoursOfSilence(_ hours: Int, rate: Int = 16_000, channels: Int = 1) throws -> String {
        let bytes = hours * 3600 * rate * channels * 2
        let file = try write(WAVFile.header(dataBytes: bytes, channels: channels, rate: rate), to: "hours.wav")
        let descriptor = try FileDescriptor.open(file, .readWrite)
        try descriptor.closeAfter { try descriptor.resize(to: Int64(44 + bytes)) }
        return file
    }

    /// A minute of sound, again and again.
    fileprivate func hoursOfMP3(_ hours: Int) async throws -> String {
        try write(Signal.wav(Signal.sweep(seconds: 60)), to: "minute.wav")
        try await ffmpeg("-i", "minute.wav", "-b:a", "24k", "-write_xing", "0", "-id3v2_version", "0", "minute.mp3")
        let minute = try read("minute.mp3")
        let file = FilePath(path("hours.mp3"))
        let descriptor = try FileDescriptor.open(file, .writeOnly, options: .create, permissions: .ownerReadWrite)
        try descriptor.closeAfter { for _ in 0..<(hours * 60) { try descriptor.writeAll(minute) } }
        return file.string
    }
}
