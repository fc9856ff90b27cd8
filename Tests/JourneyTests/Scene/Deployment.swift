import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// The real executables with a database, a storage folder and a scratch folder for one test. Alice and Bob belong to one tenant, Charlie to
/// another.
struct Deployment: Sendable {
    let tenants: Tenants
    let storage: TemporaryFolder
    let scratch: TemporaryFolder
    let http: EgressClient
    let environment: [String: String]

    /// How many deployments run at once: they share the cores and one model server. They don't also wait for a place among the tests with a
    /// database. They would run after all of those, and often only wait while the cores have nothing to do.
    private static let places = Places(4)

    /// - Parameter ownModels: each node starts its own model server as a child, instead of using the shared one.
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

    /// Starts a node and waits until it is up: an API until it listens, a worker until it looks for tasks.
    ///
    /// - Parameter openFiles: the limit on its open files.
    func start(_ role: String, _ changes: [String: String] = [:], openFiles: Int? = nil) async throws -> Node {
        try await Node.start(role, environment.merging(changes) { $1 }, openFiles: openFiles)
    }

    /// Keeps the tasks that jobs had: the view `every_task` shows them also after their deletion.
    func keepTasks() async throws {
        for statement: PostgresQuery in [
            "CREATE TABLE deleted_tasks AS SELECT job_id, kind, part, attempt FROM tasks WITH NO DATA",
            """
            CREATE FUNCTION keep_task() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                INSERT INTO deleted_tasks VALUES (OLD.job_id, OLD.kind, OLD.part, OLD.attempt);
                RETURN OLD;
            END
            $$
            """,
            "CREATE TRIGGER tasks_are_kept BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION keep_task()",
            """
            CREATE VIEW every_task AS
            SELECT job_id, kind, part, attempt FROM tasks UNION ALL SELECT job_id, kind, part, attempt FROM deleted_tasks
            """,
        ] { try await tenants.owner.execute(statement) }
    }

    /// Ends the leases of killed workers and the delays of waiting tasks, as if time had passed.
    func letLeasesEnd() async throws {
        let workers = try await tenants.owner.query("SELECT DISTINCT worker FROM tasks WHERE status = 'running'").map {
            try $0.decode(String.self)
        }
        let killed = workers.filter { worker in
            // One that nobody has waited for yet is a zombie.
            let stat = try? String(
                contentsOfFile: "/proc/\(worker.split(separator: ":").last ?? "")/stat", encoding: .utf8)
            return stat?.contains(") Z ") ?? true
        }
        try await tenants.owner.execute(
            """
            UPDATE tasks SET run_after = least(run_after, now()),
                lease_until = CASE WHEN status = 'running' THEN now() - interval '1 second' END
            WHERE status = 'ready' OR status = 'running' AND worker = ANY(\(killed))
            """)
    }

    /// Calls `verbatim-admin` as olga, on this deployment.
    func admin(_ arguments: String..., settings: [String: String] = [:]) async throws -> Command.Result {
        try await admin(arguments, settings: settings)
    }

    func admin(_ arguments: [String], settings: [String: String] = [:]) async throws -> Command.Result {
        try await Operator.call(arguments, settings: environment.merging(settings) { $1 })
    }

    /// Logs in a customer of that tenant at that node.
    func customer(
        of tenant: TenantID? = nil, scopes: Set<Scope> = .standard, at node: Node
    ) async throws -> Customer {
        let key = try await tenants.issueKey(for: tenant ?? tenants.example, scopes: scopes)
        return try await Customer.logIn(apiKey: key.text, at: node, over: http)
    }
}

/// A running node.
struct Node: Sendable {
    let process: RunningProcess
    let url: String

    /// Starts a node and waits until it is up.
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
