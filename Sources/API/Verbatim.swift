import ArgumentParser
import Foundation
import Logging
import Pipeline
import Settings
import Terminal

/// The service. Configured by its environment alone; see docs/self-hosting.md.
@main
struct Verbatim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verbatim", abstract: "The Verbatim transcription service.",
        discussion:
            """
            Settings come from the environment (VERBATIM_DATABASE_URL, VERBATIM_LISTEN, …); see docs/self-hosting.md.
            --version alone prints the release.
            """,
        subcommands: [Serve.self, API.self, Worker.self])

    static func main() async { await CommandRunner.run(Self.self) }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the API and a worker as one process.")
        func run() async throws { try await start(.serve) }
    }

    struct API: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the HTTP API alone.")
        func run() async throws { try await start(.api) }
    }

    struct Worker: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run a worker alone.")
        func run() async throws { try await start(.worker) }
    }

    /// Runs a node. An error at the start is one clear text on standard error, and exit status 1.
    private static func start(_ role: Node.Role) async throws {
        // Otherwise, writing to a client or child that has gone away would end the process.
        signal(SIGPIPE, SIG_IGN)
        MemoryProtection.hide()
        MemoryReturn.hasten()
        let openFiles = OpenFiles.raiseLimit()
        do {
            let reader = SettingsReader()
            let settings = NodeSettings(reader)
            try reader.finish()
            LoggingSystem.bootstrap(
                { label, provider in
                    var handler = JSONLogHandler(label: label, level: settings.logLevel)
                    handler.metadataProvider = provider
                    return handler
                },
                metadataProvider: Logger.MetadataProvider {
                    TraceContext.current.map { ["trace_id": .string($0.traceID)] } ?? [:]
                })
            let logger = Logger(label: "verbatim")
            for setting in reader.unknown { logger.warning("\(setting)") }
            try await Node(role: role, settings: settings, openFiles: openFiles, logger: logger).run()
        } catch {
            FileHandle.standardError.write(Data("verbatim: \(StartupFailure.sentence(for: error))\n".utf8))
            throw ExitCode.failure
        }
    }
}
