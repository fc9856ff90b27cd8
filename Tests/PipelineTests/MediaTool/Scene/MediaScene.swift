import Logging
import Pipeline
import Subprocess
import SystemPackage
import TestSupport
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

/// A folder for one test, the built media tool, and `ffmpeg` to create files.
final class MediaScene {
    private let temporary: TemporaryFolder
    let tool: MediaToolClient

    init(timeout: MediaToolClient.Timeouts = .init()) throws {
        temporary = try TemporaryFolder()
        tool = Self.tool(at: Checkout.executable("verbatim-media"), timeout: timeout)
    }

    deinit { temporary.remove() }

    var folder: String { temporary.path }

    static func tool(at executable: String, timeout: MediaToolClient.Timeouts = .init()) -> MediaToolClient {
        MediaToolClient(
            executable: executable, maxConcurrentProbes: 2, timeout: timeout, logger: .quiet)
    }

    func path(_ name: String) -> String {
        "\(folder)/\(name)"
    }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path(name))))
    }

    /// A shell script in place of the media tool.
    func script(_ body: String, timeout: MediaToolClient.Timeouts = .init()) throws -> MediaToolClient {
        let file = try write("#!/bin/sh\n\(body)\n".utf8, to: "tool.sh")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file)
        return Self.tool(at: file, timeout: timeout)
    }

    /// Runs `ffmpeg` in this folder. The last argument is the name of the output; its path is returned.
    @discardableResult
    func ffmpeg(_ arguments: String...) async throws -> String {
        try await ffmpeg(arguments)
    }

    @discardableResult
    func ffmpeg(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name("ffmpeg"),
            arguments: Arguments(["-nostdin", "-hide_banner", "-v", "error", "-y", "-bitexact"] + arguments),
            workingDirectory: FilePath(folder), output: .discarded, error: .string(limit: 65_536))
        try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
        return path(arguments.last ?? "")
    }

    /// Everything that the tool decodes from a file.
    func decode(
        _ path: String, layout: ChannelLayout = .mono, maxSamples: Int64 = 1 << 30
    ) async throws -> (audio: DecodedAudio, samples: [Int16]) {
        var bytes: [UInt8] = []
        let audio = try await tool.decode(path: path, layout: layout, maxSamples: maxSamples) { bytes += $0 }
        return (audio, bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) })
    }

    /// Why the tool refuses a file when it probes it; nil if it accepts it.
    func refusal(of path: String) async -> InvalidAudioReason? {
        await Self.reason { _ = try await tool.probe(path: path) }
    }

    /// The reason (of a 415) with which `body` fails. Any other error fails the test.
    static func reason(_ body: () async throws -> Void) async -> InvalidAudioReason? {
        do {
            try await body()
            return nil
        } catch MediaError.invalidAudio(let reason, _) {
            return reason
        } catch {
            Issue.record("not a refusal: \(error)")
            return nil
        }
    }
}

extension DecodedAudio {
    /// Rounded to the nearest.
    var durationMilliseconds: Int64 { (samples + 8) / 16 }
}
