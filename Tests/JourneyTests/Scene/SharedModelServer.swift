import Foundation
import TestSupport

/// One model server for all journeys: loading the model costs more than most of them. It remembers what it recognized.
final class SharedModelServer: Sendable {
    let url: String
    let process: RunningProcess

    private static let starting = Task { try await SharedModelServer() }

    static func shared() async throws -> SharedModelServer { try await starting.value }

    private init() async throws {
        process = try await RunningProcess(
            Checkout.root + "/inference/.venv/bin/python",
            [
                "-B", Checkout.root + "/Tests/ModelServer/serve.py",
                // Room for all deployments that run at once: a busy server is another test's matter.
                "--workers", "4", "--host", "127.0.0.1", "--port", "0", "--exit-with-stdin", "--model",
                Checkout.root + "/inference/models/whisper-base",
            ])
        let line = try await process.log.line(with: "\"event\": \"listening\"")
        struct Listening: Decodable { let address: String }
        url = "http://" + (try JSONDecoder().decode(Listening.self, from: Data(line.utf8)).address)
        _ = try await process.log.line(with: "model_loaded")
    }
}
