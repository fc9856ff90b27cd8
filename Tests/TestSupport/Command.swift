// Runs another program, such as ffmpeg, curl or verbatim-admin, and waits until it ends.

import Foundation
import Subprocess
import SystemPackage

package struct Command: Sendable {
    package struct Result: Sendable {
        /// The exit status; the negative signal number if a signal ended it.
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// How many programs run at once. Swift Testing starts all tests together; more programs would only slow each other down.
    private static let places = Places(24)

    /// The most that is read of each output, in bytes.
    private static let outputLimit = 64 << 20

    /// A descriptor from which the child reads `text`. Subprocess' own writer crashes if the child ends without reading its input.
    private static func file(holding text: String) throws -> FileDescriptor {
        // A pipe takes this much before anybody reads.
        if text.utf8.count <= 4_096 {
            let (reading, writing) = try FileDescriptor.pipe()
            try writing.closeAfter { _ = try writing.writeAll(text.utf8) }
            return reading
        }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try FileDescriptor.open(
            FilePath(folder.path + "/input"), .readWrite, options: .create, permissions: .ownerReadWrite)
        _ = try file.writeAll(text.utf8)
        try file.seek(offset: 0, from: .start)
        return file
    }

    /// Runs `executable`, a path or a name in PATH, and returns when it has ended. If the task is cancelled, the program is killed.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil
    ) async throws -> Result {
        try await places.pass {
            let result = try await Subprocess.run(
                executable.contains("/") ? .path(FilePath(executable)) : .name(executable),
                arguments: Arguments(arguments), environment: .ofTests(environment),
                input: .fileDescriptor(try file(holding: input ?? ""), closeAfterSpawningProcess: true),
                output: .bytes(limit: outputLimit), error: .bytes(limit: outputLimit))
            return Result(
                status: result.terminationStatus.number,
                output: String(decoding: result.standardOutput, as: UTF8.self),
                errors: String(decoding: result.standardError, as: UTF8.self))
        }
    }
}

extension Environment {
    /// These variables and our PATH, nothing else.
    static func ofTests(_ variables: [String: String]) -> Environment {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return .custom(
            ["PATH": path].merging(variables) { $1 }
                .reduce(into: [:]) { $0[Environment.Key(stringLiteral: $1.key)] = $1.value })
    }
}

extension TerminationStatus {
    /// The exit status, or the negative signal number.
    var number: Int32 {
        switch self {
        case .exited(let status): status
        case .signaled(let signal): -signal
        }
    }
}
