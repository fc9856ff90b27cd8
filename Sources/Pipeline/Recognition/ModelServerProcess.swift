import Foundation
import Logging
import ServiceLifecycle
import Settings
import Subprocess
import SystemPackage

/// Runs the model server as a child process: starts it, watches it, and starts it again if it ends.
///
/// The server listens on a Unix socket that only this user can reach. It ends when its standard input closes, so a killed worker leaves
/// no server behind.
package struct ModelServerProcess: Service {
    package struct Configuration: Sendable {
        /// `inference/serve` of the installation.
        package var launcher: String
        /// The folder or the name of a Whisper model.
        package var model: String
        /// The value of `inference/serve --diarization-model`; nil: the server's default.
        package var diarizationModel: String?
        /// How many chunks are recognized at the same time.
        package var workers: Int

        package init(launcher: String, model: String, diarizationModel: String? = nil, workers: Int) {
            self.launcher = launcher
            self.model = model
            self.diarizationModel = diarizationModel
            self.workers = workers
        }
    }

    /// Path of the socket on which the server listens.
    package let socket: String
    /// A folder for the socket alone, if the path of the given one is too long.
    private let ownFolder: String?
    private let configuration: Configuration
    private let logger: Logger

    /// - Parameter folder: Where to create the socket. A socket's path has at most 107 bytes; if this one would be too long, the socket gets a
    ///   temporary folder.
    package init(configuration: Configuration, folder: String, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let name = "inference-\(getpid()).sock"
        ownFolder = folder.utf8.count + 1 + name.utf8.count <= 100 ? nil : try Self.privateFolder()
        socket = (ownFolder ?? folder) + "/" + name
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                let started = ContinuousClock.now
                let outcome = await runOnce()
                if Task.isCancelled { break }
                failures = started.duration(to: .now) > .seconds(60) ? 1 : failures + 1
                logger.error("the model server ended; starting it again", metadata: ["outcome": "\(outcome)"])
                try? await Task.sleep(for: .seconds(min(30, 1 << min(failures, 5))))
            }
        }
        unlink(socket)
        if let ownFolder { rmdir(ownFolder) }
    }

    /// Runs the server until it ends or this task is cancelled, and copies its log lines to ours.
    ///
    /// - Returns: Why it ended.
    private func runOnce() async -> String {
        guard OpenFiles.haveRoomForChild else { return "no descriptors are left to start it" }
        var options = PlatformOptions()
        // A session of its own, so that Ctrl-C in a terminal doesn't reach the server: the worker needs it until its running tasks have ended.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        do {
            let result = try await Subprocess.run(
                .path(.init(configuration.launcher)),
                arguments: Arguments(arguments),
                environment: ChildEnvironment.modelServer.custom, platformOptions: options, input: .inputWriter,
                output: .discarded, error: .sequence
            ) { execution in
                for try await line in execution.standardError.strings() {
                    logger.info("model server", metadata: ["line": "\(line.prefix(2000))"])
                }
            }
            return "\(result.terminationStatus)"
        } catch {
            return "\(error)"
        }
    }

    private var arguments: [String] {
        let model = configuration.diarizationModel.map { ["--diarization-model", $0] } ?? []
        return [
            "--uds", socket, "--model", configuration.model, "--workers", String(configuration.workers),
            "--exit-with-stdin",
        ] + model
    }

    private static func privateFolder() throws -> String {
        var template = Array((NSTemporaryDirectory() + "/verbatim-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw StorageError(errno: errno) }
        return String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
