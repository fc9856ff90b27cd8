// Runs another program to its end: ffmpeg, curl, our own command line.

import Foundation

package struct Command: Sendable {
    package struct Result: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// Foundation's `Process` reads beyond its buffer, and may crash, where the starting process has some 1,300 open descriptors. So many
    /// are easily had: each program takes three pipes.
    private static let places = Places(24)

    /// Runs `executable` (a path, or a name to look up in PATH) and answers when it has ended.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil
    ) async throws -> Result {
        try await places.pass {
            try await withCheckedThrowingContinuation { continuation in
                // A thread of its own: reading what the program writes blocks.
                Thread.detachNewThread {
                    continuation.resume(
                        with: Swift.Result {
                            try runBlocking(executable, arguments, environment: environment, input: input)
                        })
                }
            }
        }
    }

    private static func runBlocking(
        _ executable: String, _ arguments: [String], environment: [String: String], input: String?
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [executable] + arguments
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            .merging(environment) { $1 }
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        try process.run()
        if let input { standardInput.fileHandleForWriting.write(Data(input.utf8)) }
        try standardInput.fileHandleForWriting.close()
        let errorReader = DispatchQueue(label: "errors")
        nonisolated(unsafe) var errorBytes = Data()
        errorReader.async { errorBytes = errors.fileHandleForReading.readDataToEndOfFile() }
        let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
        errorReader.sync {}
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: outputBytes, as: UTF8.self),
            errors: String(decoding: errorBytes, as: UTF8.self))
    }
}
