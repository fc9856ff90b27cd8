import AssemblyAISimulator
import Foundation
import TestSupport

/// A node with a customer. Its engine is a simulated AssemblyAI, with Whisper as the fallback.
struct AssemblyAIScene {
    let deployment: Deployment
    let simulator: AssemblyAISimulator
    let node: Node
    let customer: Customer

    /// The settings of such a node.
    static func environment(_ simulator: AssemblyAISimulator) -> [String: String] {
        [
            "VERBATIM_ENGINE": "assemblyai,whisper", "VERBATIM_ASSEMBLYAI_URL": simulator.url,
            "VERBATIM_ASSEMBLYAI_API_KEY": SimulatorSettings().apiKey,
        ]
    }

    static func run(
        _ changes: [String: String] = [:], _ body: (AssemblyAIScene) async throws -> Void
    ) async throws {
        try await AssemblyAISimulator.with { simulator in
            try await Deployment.with { deployment in
                let node = try await deployment.start("serve", environment(simulator).merging(changes) { $1 })
                let customer = try await deployment.customer(at: node)
                try await body(
                    AssemblyAIScene(deployment: deployment, simulator: simulator, node: node, customer: customer))
            }
        }
    }

    func submit(_ file: String = Recordings.clip("0880"), _ fields: [String: String] = [:]) async throws -> String {
        try await customer.submit(
            file: file, fields: ["diarize": "false", "language": "en"].merging(fields) { $1 })
    }

    /// Waits until the metrics count that many refusals.
    func counted(_ count: Double) async throws {
        let anyone = Customer(node: node, http: deployment.http, token: "")
        try await eventually("\(count) refusals are counted", within: 60) {
            try await Scrape(anyone.get("/metrics"))
                .samples[#"verbatim_engine_refusals_total{engine="assemblyai_universal_3"}"#] == count
        }
    }

    /// What `doctor` reports if the settings name these models: one line per check, `state check message`.
    func doctor(models: String) async throws -> String {
        let settings = Self.environment(simulator).merging(["VERBATIM_ASSEMBLYAI_MODELS": models]) { $1 }
        return try DoctorReport(await deployment.admin("doctor", "--json", settings: settings)).checks
            .map { "\($0.state) \($0.check) \($0.message)" }.joined(separator: "\n")
    }

    func transcript(of job: String) async throws -> [String: Any] {
        _ = try await customer.words(of: job)
        return try await customer.get("/jobs/\(job)/transcript").json
    }
}
