import Egress
import Foundation
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

/// An upgrade as docs/self-hosting.md tells operators to do it, while customers go on.
@Suite struct UpgradeTests {
    /// The numbers of this version's migrations, and the last one that its nodes cannot do without.
    private static func numbers() throws -> (all: [Int], needed: Int) {
        var (all, needed) = ([Int](), 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: Checkout.root + "/sql") {
            guard let number = Int(name.prefix(4)), name.hasSuffix(".sql") else { continue }
            all.append(number)
            let text = try String(contentsOfFile: "\(Checkout.root)/sql/\(name)", encoding: .utf8)
            if !(text.split(separator: "\n").first ?? "").contains("also before") { needed = max(needed, number) }
        }
        return (all.sorted(), needed)
    }

    /// A folder for `VERBATIM_HOME`, with `sql/` of its own, all else of the checkout.
    ///
    /// - Parameter last: the last migration of the checkout that it has.
    private static func home(in folder: String, upTo last: Int, more: [(name: String, text: String)] = []) throws
        -> String
    {
        let files = FileManager.default
        for name in ["inference", "ingest", "dashboard", "openapi.json"] {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(Checkout.root)/\(name)")
        }
        try files.createDirectory(atPath: folder + "/sql", withIntermediateDirectories: false)
        for name in try files.contentsOfDirectory(atPath: Checkout.root + "/sql") where name.hasSuffix(".sql") {
            if let number = Int(name.prefix(4)), number > last { continue }
            try files.copyItem(atPath: "\(Checkout.root)/sql/\(name)", toPath: "\(folder)/sql/\(name)")
        }
        for file in more { try Data(file.text.utf8).write(to: URL(filePath: "\(folder)/sql/\(file.name)")) }
        return folder
    }

    /// What a next version might bring, after the last migration of this one: a column that is filled in batches and an index, online; then a
    /// column of a table that is always in use.
    private static func next(after last: Int, nodes needed: Int) -> [(name: String, text: String)] {
        func padded(_ number: Int) -> String { String(repeating: "0", count: 4 - "\(number)".count) + "\(number)" }
        return [
            (
                "\(padded(last + 1))_next_online.sql",
                """
                -- nodes: from \(padded(needed)), also before
                -- online: yes
                -- Of the next version.

                ALTER TABLE jobs ADD COLUMN IF NOT EXISTS next_note text;

                CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_next ON jobs (tenant_id, completed_at);

                -- repeat
                UPDATE jobs SET next_note = 'filled' WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM jobs WHERE next_note IS NULL LIMIT 10);

                """
            ),
            (
                "\(padded(last + 2))_next_at_once.sql",
                """
                -- nodes: from \(padded(needed))
                -- Of the next version, whose nodes cannot do without it.

                ALTER TABLE tenant_load ADD COLUMN next_flag boolean NOT NULL DEFAULT true;

                """
            ),
        ]
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
        /// The last migration of this version.
        let last: Int
        /// Settings of nodes of this version, and of the next one. Both are the same executables.
        let former: [String: String]
        let next: [String: String]

        func admin(_ arguments: String..., settings: [String: String]) async throws -> Command.Result {
            let result = try await Operator.call(arguments, settings: settings)
            try #require(result.status == 0, "\(arguments): \(result.errors)")
            return result
        }
    }

    private static func withPlace(_ body: (Place) async throws -> Void) async throws {
        let modelsURL = try await SharedModelServer.shared().url
        let folders = try (0..<4).map { _ in try TemporaryFolder() }
        defer { for folder in folders { folder.remove() } }
        let (all, needed) = try numbers()
        let last = try #require(all.last)
        let former = try home(in: folders[0].path, upTo: needed)
        let next = try home(in: folders[3].path, upTo: last, more: next(after: last, nodes: needed))
        try await withTestDatabase(migrations: former + "/sql") { database in
            let environment = [
                "VERBATIM_DATABASE_URL": database.url, "VERBATIM_LISTEN": "127.0.0.1:0",
                "VERBATIM_MASTER_KEY": String(repeating: "00", count: 32), "VERBATIM_INFERENCE_URL": modelsURL,
                "VERBATIM_STORAGE": "file://" + folders[1].path, "VERBATIM_SCRATCH": folders[2].path,
                "VERBATIM_SHUTDOWN_DELAY": "0",
            ]
            try await body(
                Place(
                    database: database, last: last, former: environment.merging(["VERBATIM_HOME": former]) { $1 },
                    next: environment.merging(["VERBATIM_HOME": next]) { $1 }))
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
        let early = try await Command.run(Checkout.executable("verbatim"), ["api"], environment: place.next)
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

            let worker = try await Node.start("worker", place.next)
            oldWorker.process.signal(SIGTERM)
            #expect(try await oldWorker.process.ended() == 0)
            var new: [Node] = []
            for node in old {
                let next = try await Node.start("api", place.next)
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
            let unfilled = try await place.database.pool().query("SELECT count(*) FROM jobs WHERE next_note IS NULL")
            #expect(try unfilled[0].decode(Int.self) < record.jobs.count)
            let alice = Customer(node: new[0], http: http, token: token)
            for job in record.jobs { #expect(try await alice.finished(job)["status"] as? String == "completed") }
            let months = try await place.database.pool().query("SELECT DISTINCT month FROM usage").decode(String.self)
            for month in months {
                _ = try await place.admin("usage", "verify", "--period", month, settings: place.next)
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
                environment: place.next.merging(["USER": "olga"]) { $1 })
            try await eventually("all but the migration of that table is done") {
                try await pool.query("SELECT max(number) FROM schema_migrations").decode(Int.self) == [place.last + 1]
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
        #expect(last == [place.last + 2])
    }
}
