import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A deployment of the real executables around a database, a storage and a scratch folder of its own, with Alice and Bob at one
/// tenant and Charlie at another.
struct Deployment: Sendable {
    let tenants: Tenants
    let storage: TemporaryFolder
    let scratch: TemporaryFolder
    let http: EgressClient
    let environment: [String: String]

    /// All at once would keep one another from answering in time: they share the cores and one model server. They do not wait for a place
    /// among the tests with a database, too: they would all come after them, and then wait for clocks while the cores have nothing to do.
    private static let places = Places(4)

    /// - Parameter ownModels: nodes start a model server each, as children, instead of using the shared one.
    static func with(
        plan: PlanName = .pro, ownModels: Bool = false, _ body: (Deployment) async throws -> Void
    ) async throws {
        try await places.pass { try await run(plan, ownModels, body) }
    }

    private static func run(
        _ plan: PlanName, _ ownModels: Bool, _ body: (Deployment) async throws -> Void
    ) async throws {
        let modelsURL = ownModels ? nil : try await SharedModelServer.shared().url
        try await Tenants.with(plan: plan, waitsForPlace: false) { tenants in
            let (storage, scratch) = (try TemporaryFolder(), try TemporaryFolder())
            defer {
                storage.remove()
                scratch.remove()
            }
            var environment = [
                "VERBATIM_DATABASE_URL": tenants.database.url, "VERBATIM_LISTEN": "127.0.0.1:0",
                "VERBATIM_MASTER_KEY": String(repeating: "00", count: 32),
                "VERBATIM_STORAGE": "file://" + storage.path, "VERBATIM_SCRATCH": scratch.path,
                // Nodes stop at once: no load balancer has to hear of it.
                "VERBATIM_SHUTDOWN_DELAY": "0",
            ]
            environment["VERBATIM_INFERENCE_URL"] = modelsURL
            let http = EgressClient(logger: Logger(label: "test"))
            do {
                try await body(
                    Deployment(
                        tenants: tenants, storage: storage, scratch: scratch, http: http, environment: environment))
            } catch {
                await http.close()
                throw error
            }
            await http.close()
        }
    }

    /// Starts a node and waits until it works: an API until it listens, a worker until it is there.
    ///
    /// - Parameter openFiles: a limit on what it may have open.
    func start(_ role: String, _ changes: [String: String] = [:], openFiles: Int? = nil) async throws -> Node {
        try await Node.start(role, environment.merging(changes) { $1 }, openFiles: openFiles)
    }

    /// As if time had passed for the tasks of workers that were killed, and for those that wait: leases and pauses are over.
    func letLeasesEnd() async throws {
        try await tenants.owner.execute(
            """
            UPDATE tasks SET lease_until = now() - interval '1 second', run_after = least(run_after, now())
            WHERE status IN ('ready', 'running')
            """)
    }

    /// Calls `verbatim-admin` as olga, on this deployment.
    func admin(_ arguments: String..., settings: [String: String] = [:]) async throws -> Command.Result {
        try await admin(arguments, settings: settings)
    }

    func admin(_ arguments: [String], settings: [String: String] = [:]) async throws -> Command.Result {
        try await Operator.call(arguments, settings: environment.merging(settings) { $1 })
    }

    /// A customer of that tenant, logged in at that node.
    func customer(of tenant: TenantID? = nil, at node: Node) async throws -> Customer {
        let key = try await tenants.issueKey(for: tenant ?? tenants.example)
        return try await Customer.logIn(apiKey: key.text, at: node, over: http)
    }
}

/// A running node.
struct Node: Sendable {
    let process: RunningProcess
    let url: String

    /// Starts one and waits until it works.
    static func start(
        _ role: String, _ environment: [String: String], openFiles: Int? = nil
    ) async throws -> Node {
        let executable = Checkout.executable("verbatim")
        let process = try await RunningProcess(
            openFiles == nil ? executable : "/usr/bin/prlimit",
            (openFiles.map { ["--nofile=\($0):\($0)", executable] } ?? []) + [role],
            environment: environment)
        guard role != "worker" else {
            // Before that, a signal would end it as it ends any program.
            _ = try await process.log.line(with: "\"message\":\"worker started\"")
            return Node(process: process, url: "")
        }
        struct Line: Decodable {
            struct Metadata: Decodable { let address: String }
            let metadata: Metadata
        }
        let line = try await process.log.line(with: "\"message\":\"listening\"")
        return Node(process: process, url: try JSONDecoder().decode(Line.self, from: Data(line.utf8)).metadata.address)
    }
}
