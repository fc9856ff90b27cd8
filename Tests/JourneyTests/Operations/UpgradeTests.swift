import Egress
import Foundation
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

/// An upgrade as docs/self-hosting.md tells operators to do it, while customers go on.
@Suite struct UpgradeTests {
    /// The last migration of the version before.
    private static let before = 19
    /// What `rights.sql` says of tables that came later.
    private static let newer = ["orphan_listing"]

    /// A folder for `VERBATIM_HOME` of the version before: its own `sql/`, all else of the checkout.
    private static func formerHome(in folder: String) throws -> String {
        let files = FileManager.default
        for name in ["inference", "ingest", "dashboard", "openapi.json"] {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(Checkout.root)/\(name)")
        }
        try files.createDirectory(atPath: folder + "/sql", withIntermediateDirectories: false)
        for name in try files.contentsOfDirectory(atPath: Checkout.root + "/sql") {
            guard let number = Int(name.prefix(4)), number <= before else { continue }
            try files.copyItem(atPath: "\(Checkout.root)/sql/\(name)", toPath: "\(folder)/sql/\(name)")
        }
        let rights = try String(contentsOfFile: Checkout.root + "/sql/rights.sql", encoding: .utf8)
        let former = rights.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !newer.contains { line.contains($0) }
        }
        try Data(former.joined(separator: "\n").utf8).write(to: URL(filePath: folder + "/sql/rights.sql"))
        return folder
    }

    /// The nodes that a load balancer sends requests to.
    private final class Balancer: Sendable {
        private let state = Mutex((nodes: [Node](), inFlight: [String: Int]()))

        func add(_ node: Node) { state.withLock { $0.nodes.append(node) } }

        /// Sends no more requests to the node, and waits for those that it has.
        func drain(_ node: Node) async throws {
            state.withLock { state in state.nodes.removeAll { $0.url == node.url } }
            try await eventually("the node has no requests") {
                self.state.withLock { $0.inFlight[node.url, default: 0] } == 0
            }
        }

        func send<T>(_ body: (Node) async throws -> T) async throws -> T {
            let node = try state.withLock { state in
                let node = try #require(state.nodes.randomElement())
                state.inFlight[node.url, default: 0] += 1
                return node
            }
            defer { state.withLock { $0.inFlight[node.url, default: 0] -= 1 } }
            return try await body(node)
        }
    }

    /// What customers saw.
    private final class Record: Sendable {
        private let state = Mutex((jobs: [String](), answers: 0, faults: [String](), isOver: false))

        var jobs: [String] { state.withLock { $0.jobs } }
        var answers: Int { state.withLock { $0.answers } }
        var faults: [String] { state.withLock { $0.faults } }
        var isOver: Bool { state.withLock { $0.isOver } }

        func end() { state.withLock { $0.isOver = true } }

        func note(_ answer: Answer, _ what: String) {
            state.withLock { state in
                state.answers += 1
                if !(200..<300).contains(answer.status) {
                    state.faults.append("\(what): \(answer.status) \(answer.text)")
                }
            }
        }

        func note(job: String) { state.withLock { $0.jobs.append(job) } }
    }

    /// Submits, reads and lists until the record is over.
    private static func use(_ balancer: Balancer, _ http: EgressClient, _ token: String, _ record: Record) async throws
    {
        func call(_ what: String, _ send: (Customer) async throws -> Answer) async throws -> Answer {
            let answer = try await balancer.send { try await send(Customer(node: $0, http: http, token: token)) }
            record.note(answer, what)
            return answer
        }
        while !record.isOver {
            // Few, because a journey's machine has to do them all.
            if record.jobs.count < 24 {
                let answer = try await call("POST /jobs") { try await $0.post(file: Recordings.clip("0880")) }
                if let job = try answer.json["job_id"] as? String { record.note(job: job) }
            }
            if let job = record.jobs.randomElement() {
                _ = try await call("GET /jobs/{id}") { try await $0.get("/jobs/\(job)") }
            }
            for path in ["/jobs", "/usage"] { _ = try await call("GET \(path)") { try await $0.get(path) } }
        }
    }

    private struct Place {
        let database: TestDatabase
        let former: [String: String]
        let current: [String: String]

        func admin(_ arguments: String..., settings: [String: String]) async throws -> Command.Result {
            let result = try await Operator.call(arguments, settings: settings)
            try #require(result.status == 0, "\(arguments): \(result.errors)")
            return result
        }
    }

    private static func withPlace(_ body: (Place) async throws -> Void) async throws {
        let modelsURL = try await SharedModelServer.shared().url
        let folders = try (0..<3).map { _ in try TemporaryFolder() }
        defer { for folder in folders { folder.remove() } }
        let home = try formerHome(in: folders[0].path)
        try await withTestDatabase(migrations: home + "/sql") { database in
            let environment = [
                "VERBATIM_DATABASE_URL": database.url, "VERBATIM_LISTEN": "127.0.0.1:0",
                "VERBATIM_MASTER_KEY": String(repeating: "00", count: 32), "VERBATIM_INFERENCE_URL": modelsURL,
                "VERBATIM_STORAGE": "file://" + folders[1].path, "VERBATIM_SCRATCH": folders[2].path,
                "VERBATIM_SHUTDOWN_DELAY": "0",
            ]
            try await body(
                Place(
                    database: database, former: environment.merging(["VERBATIM_HOME": home]) { $1 },
                    current: environment.merging(["VERBATIM_HOME": Checkout.root]) { $1 }))
        }
    }

    private static func login(_ place: Place, _ node: Node, _ http: EgressClient) async throws -> String {
        struct Made: Decodable { let tenant_id: String }
        struct Issued: Decodable { let api_key: String }
        let made = try await place.admin(
            "tenant", "create", "--name", "Example", "--plan", "pro", "--json", settings: place.former)
        let tenant = try JSONDecoder().decode(Made.self, from: Data(made.output.utf8)).tenant_id
        let issued = try await place.admin(
            "key", "issue", "--tenant", tenant, "--name", "k", "--json", settings: place.former)
        let key = try JSONDecoder().decode(Issued.self, from: Data(issued.output.utf8)).api_key
        return try await Customer.logIn(apiKey: key, at: node, over: http).token
    }

    @Test func `nodes are replaced one by one while customers go on, and no request fails`() async throws {
        try await Self.withPlace { place in
            let http = EgressClient(logger: Logger(label: "test"))
            do {
                try await Self.upgrade(place, http)
            } catch {
                await http.close()
                throw error
            }
            await http.close()
        }
    }

    private static func upgrade(_ place: Place, _ http: EgressClient) async throws {
        let (balancer, record) = (Balancer(), Record())
        let old = [try await Node.start("api", place.former), try await Node.start("api", place.former)]
        let oldWorker = try await Node.start("worker", place.former)
        for node in old { balancer.add(node) }
        let token = try await login(place, old[0], http)
        // A version that needs the new schema does not start before it is there, and says so.
        let early = try await Command.run(Checkout.executable("verbatim"), ["api"], environment: place.current)
        #expect(early.status == 1 && early.errors.contains("verbatim-admin migrate"))

        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await use(balancer, http, token, record) } }
            try await eventually("customers are at work") { record.jobs.count >= 3 }

            try await migrate(place)
            for node in old {
                let ready = try await Customer(node: node, http: http, token: "").get("/readyz")
                #expect(ready.status == 200, "a node of the version before goes on: \(ready.text)")
            }
            var counted = record.answers
            try await eventually("customers go on after the migration") { record.answers > counted + 30 }

            let worker = try await Node.start("worker", place.current)
            oldWorker.process.signal(SIGTERM)
            #expect(try await oldWorker.process.ended() == 0)
            var new: [Node] = []
            for node in old {
                let next = try await Node.start("api", place.current)
                try await eventually("the new node is ready") {
                    try await Customer(node: next, http: http, token: "").get("/readyz").status == 200
                }
                balancer.add(next)
                new.append(next)
                try await balancer.drain(node)
                node.process.signal(SIGTERM)
                #expect(try await node.process.ended() == 0)
                counted = record.answers
                try await eventually("customers go on with one new node more") { record.answers > counted + 30 }
            }
            record.end()
            try await group.waitForAll()
            #expect(record.faults == [])
            let alice = Customer(node: new[0], http: http, token: token)
            for job in record.jobs { #expect(try await alice.finished(job)["status"] as? String == "completed") }
            let months = try await place.database.pool().query("SELECT DISTINCT month FROM usage").decode(String.self)
            for month in months {
                _ = try await place.admin("usage", "verify", "--period", month, settings: place.current)
            }
            let events = try await place.database.pool().query("SELECT count(*), count(DISTINCT job_id) FROM usage")
            let (billed, jobs) = try events[0].decode(Int.self, Int.self)
            #expect(billed == record.jobs.count && jobs == billed)
            withExtendedLifetime(worker) {}
        }
    }

    /// Migrates while an old transaction holds a table that a migration changes.
    private static func migrate(_ place: Place) async throws {
        let pool = place.database.pool(size: 2)
        let migration = try await pool.whileOpen {
            // Holds the lock without a snapshot, for which the index that is built before would wait.
            try $0.query("LOCK TABLE tenant_load IN ACCESS SHARE MODE")
        } _: {
            let migration = try await RunningProcess(
                Checkout.executable("verbatim-admin"), ["migrate"],
                environment: place.current.merging(["USER": "olga"]) { $1 })
            try await eventually("all but the migration of that table is done") {
                try await pool.query("SELECT max(number) FROM schema_migrations").decode(Int.self) == [21]
            }
            try await eventually("the migration waits for its lock") {
                try await pool.query(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE application_name = 'verbatim-migrate' AND wait_event_type = 'Lock'
                    """
                ).decode(Int.self) == [1]
            }
            return migration
        }
        #expect(try await migration.ended() == 0)
        let last = try await pool.query("SELECT max(number) FROM schema_migrations").decode(Int.self)
        #expect(last == [22])
    }
}
