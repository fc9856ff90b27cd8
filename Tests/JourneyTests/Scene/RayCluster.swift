import Foundation
import TestSupport

/// The model server on a Ray of its own (`inference/tests_on_ray/cluster.py`), which ends with this object.
final class RayCluster: Sendable {
    struct Missing: Error, CustomStringConvertible {
        let description = "Ray is missing: run inference/ray-install"
    }

    let url: String
    private let process: RunningProcess

    private struct Event: Decodable {
        let address: String?
        let pid: Int32?
    }

    private static let python = Checkout.root + "/inference/.venv-ray/bin/python"

    /// Returns when all replicas run.
    ///
    /// - Parameter changes: to the deployments of `serve-cpu.yaml`, such as `Recognition.num_replicas=2`.
    init(_ changes: String...) async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.python) else { throw Missing() }
        process = try await RunningProcess(
            Self.python, ["-B", Checkout.root + "/inference/tests_on_ray/cluster.py", "serve-cpu.yaml"] + changes,
            reading: .output)
        url = "http://" + (try await Self.event("listening", of: process).address ?? "")
        _ = try await Self.event("deployed", of: process)
    }

    /// Waits until a replica of this deployment is working, and kills its process.
    func killWorking(_ deployment: String) async throws {
        try process.send("{\"working\":\"\(deployment)\"}\n")
        guard let pid = try await Self.event("working", of: process).pid, pid > 0 else { throw CancellationError() }
        kill(pid, SIGKILL)
    }

    /// Ends it, and waits until its folder is removed. Without this it is killed with this object.
    func end() async throws {
        process.closeInput()
        _ = try await process.ended()
    }

    private static func event(_ name: String, of process: RunningProcess) async throws -> Event {
        let line = try await process.log.line(with: "\"event\": \"\(name)\"")
        return try JSONDecoder().decode(Event.self, from: Data(line.utf8))
    }
}
