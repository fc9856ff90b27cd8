import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Nodes that are killed on the way of an event, through the real executables.
@Suite struct WebhookCrashTests {
    private static let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"]

    private static func attempts(_ customer: Customer, _ job: String) async throws -> [[String: Any]] {
        try await customer.get("/jobs/\(job)/deliveries").json["deliveries"] as? [[String: Any]] ?? []
    }

    /// Where a node stands still until it is killed: a table that another holds, and what has come to pass by then.
    enum Point: String, CaseIterable, Sendable {
        /// The job's end is written, its event not yet.
        case withinTheOutcome = "webhook_events"
        /// The event is claimed; its secret cannot be read.
        case beforeSending = "webhook_secrets"
        /// The receiver has acknowledged; that cannot be written.
        case afterTheAnswer = "webhook_attempts"

        var seen: Int { self == .afterTheAnswer ? 1 : 0 }
        /// How the statement begins that waits.
        var statement: String {
            switch self {
            case .withinTheOutcome: "INSERT INTO webhook_events"
            case .beforeSending: "SELECT current_sealed"
            case .afterTheAnswer: "WITH ended AS"
            }
        }
    }

    @Test(arguments: Point.allCases)
    func `a node that is killed anywhere on an event's way neither loses it nor makes a second`(point: Point)
        async throws
    {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let owner = deployment.tenants.owner
            let api = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: api)
            // Readers go on, but for who reads a secret.
            let mode = point == .beforeSending ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE"
            let job = try await owner.whileOpen({
                try $0.execute("LOCK TABLE \(unescaped: point.rawValue) IN \(unescaped: mode) MODE")
            }) {
                let first = try await deployment.start("worker", Self.allowed)
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["webhook_url": receiver.url, "language": "en"])
                try await eventually("the node waits") {
                    let waiting = try await owner.query(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND starts_with(query, \(point.statement))
                        """)[0].decode(Int.self)
                    return waiting > 0 && receiver.received.count == point.seen
                }
                first.process.signal(SIGKILL)
                #expect(try await first.process.ended() == -SIGKILL)
                // The server would still execute the statement that waits: the node has sent it.
                try await owner.execute(
                    """
                    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, \(point.statement))
                    """)
                return job
            }

            try await deployment.letLeasesEnd()
            let second = try await deployment.start("worker", Self.allowed)
            try await Self.finish(deployment, customer, job, second)
            #expect(receiver.received.count == point.seen + 1)
            #expect(Set(receiver.received.map(\.id)).count == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
            #expect(receiver.received.allSatisfy { $0.text("job_id") == job })
            let errors = try await Self.attempts(customer, job).map { $0["error"] as? String }
            #expect(errors == (point == .withinTheOutcome ? [nil] : ["interrupted", nil]))
            let events = try await owner.query("SELECT count(*) FROM webhook_events")[0].decode(Int.self)
            #expect(events == 1)
        }
    }

    /// Lets leases end at once, until the job is told.
    private static func finish(
        _ deployment: Deployment, _ customer: Customer, _ job: String, _ node: Node
    ) async throws {
        try await eventually("it is delivered") {
            try await deployment.tenants.owner.execute(
                """
                UPDATE webhook_events SET lease_until = now() - interval '1 second'
                WHERE status = 'sending' AND lease_until > now() AND attempt = 1
                """)
            return try await customer.get("/jobs/\(job)/deliveries").json["status"] as? String == "delivered"
        }
        node.process.signal(SIGTERM)
        #expect(try await node.process.ended() == 0)
    }

    @Test func `nodes that are killed again and again leave as many events as outcomes, each told`() async throws {
        let receiver = try WebhookReceiver()
        var generator = SeededGenerator(seed: 8)
        try await Deployment.with { deployment in
            let owner = deployment.tenants.owner
            let api = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: api)
            var jobs: [String] = []
            for _ in 0..<6 {
                jobs.append(
                    try await customer.submit(
                        file: Recordings.clip("0880"), fields: ["webhook_url": receiver.url, "language": "en"]))
            }
            for _ in 0..<4 {
                // After so many more of the database's transactions, wherever the node is then.
                let node = try await deployment.start("worker", Self.allowed)
                let start = try await Self.transactions(owner)
                let count = Int.random(in: 20...100, using: &generator)
                try await eventually("it has done something") {
                    try await Self.transactions(owner) - start > count
                }
                node.process.signal(SIGKILL)
                #expect(try await node.process.ended() == -SIGKILL)
            }
            let last = try await deployment.start("worker", Self.allowed)
            try await eventually("all are told") {
                try await owner.query("SELECT count(*) FROM webhook_events WHERE status = 'delivered'")[0]
                    .decode(Int.self) == jobs.count
            }
            let ended = try await owner.query(
                "SELECT count(*) FROM jobs WHERE status IN ('completed', 'failed', 'cancelled')")[0].decode(Int.self)
            let events = try await owner.query("SELECT count(*) FROM webhook_events")[0].decode(Int.self)
            #expect(ended == jobs.count && events == jobs.count)
            #expect(Set(receiver.received.map(\.id)).count == jobs.count)
            #expect(Set(receiver.received.compactMap { $0.text("job_id") }) == Set(jobs))
            #expect(Set(receiver.received.map(\.body)).count == jobs.count)
            last.process.kill()
        }
    }

    /// How many the database has begun that wrote something.
    private static func transactions(_ owner: PostgresPool) async throws -> Int {
        try await owner.query("SELECT pg_current_xact_id()::text::int8")[0].decode(Int.self)
    }

    @Test func `a replay that is killed on its way is finished by the next`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let (owner, tenant) = (deployment.tenants.owner, deployment.tenants.example)
            try await WebhookScene.fill(3_000, of: tenant, telling: receiver.url, in: deployment.tenants)
            let call = ["webhook", "replay", "--tenant", tenant.rawValue, "--since", "48h", "--json"]
            let environment = deployment.environment.merging(["USER": "olga"]) { $1 }
            // The last is held by another, so that the replay stands still there.
            try await owner.whileOpen({
                try $0.execute("SELECT FROM webhook_events WHERE id = (SELECT max(id) FROM webhook_events) FOR UPDATE")
            }) {
                let process = try await RunningProcess(
                    Checkout.executable("verbatim-admin"), call, environment: environment)
                try await eventually("all but one are sent again") {
                    try await Self.pending(owner) == 2_999
                }
                process.signal(SIGKILL)
                _ = try await process.ended()
            }
            let again = try await deployment.admin(call)
            #expect(again.status == 0 && again.output.contains(#""replayed":3000"#))
            #expect(try await Self.pending(owner) == 3_000)
            let audit = try await owner.query(
                "SELECT count(*) FROM audit_log WHERE action = 'webhook replay' AND details->>'count' = '3000'")
            #expect(try audit[0].decode(Int.self) == 2)
        }
    }

    private static func pending(_ owner: PostgresPool) async throws -> Int {
        try await owner.query("SELECT count(*) FROM webhook_events WHERE status = 'pending'")[0].decode(Int.self)
    }

    @Test func `a node that is killed between outcome and delivery loses no event and makes no second one`()
        async throws
    {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let owner = deployment.tenants.owner
            // What is told waits, so that the node dies before it is sent.
            for statement in [
                """
                CREATE FUNCTION wait_a_while() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN NEW.next_attempt_at := NEW.next_attempt_at + interval '1 hour'; RETURN NEW; END $$
                """,
                "CREATE TRIGGER wait_a_while BEFORE INSERT ON webhook_events FOR EACH ROW EXECUTE FUNCTION wait_a_while()",
            ] {
                try await owner.execute(PostgresQuery(unescaped: statement))
            }
            let api = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: api)
            let first = try await deployment.start("worker", Self.allowed)
            let job = try await customer.submit(
                file: Recordings.clip("0880"), fields: ["webhook_url": receiver.url, "language": "en"])
            _ = try await customer.finished(job)
            first.process.signal(SIGKILL)
            #expect(try await first.process.ended() == -SIGKILL)
            #expect(receiver.connections == 0)

            try await owner.execute("UPDATE webhook_events SET next_attempt_at = now()")
            let second = try await deployment.start("worker", Self.allowed)
            try await eventually("the customer is told") { receiver.received.count == 1 }
            #expect(receiver.received[0].text("job_id") == job)
            second.process.signal(SIGTERM)
            #expect(try await second.process.ended() == 0)
            #expect(try await Self.attempts(customer, job).map { $0["status_code"] as? Int } == [200])
            #expect(receiver.received.count == 1)
        }
    }

    @Test func `a node that is killed during a delivery has it made again by another, under the same name`()
        async throws
    {
        let receiver = try WebhookReceiver { _ in .hang }
        try await Deployment.with { deployment in
            let api = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: api)
            let first = try await deployment.start("worker", Self.allowed)
            let job = try await customer.submit(
                file: Recordings.clip("0880"), fields: ["webhook_url": receiver.url, "language": "en"])
            try await eventually("it is being sent") { receiver.received.count == 1 }
            first.process.signal(SIGKILL)
            #expect(try await first.process.ended() == -SIGKILL)
            receiver.behave { _ in .ok }

            let second = try await deployment.start("worker", Self.allowed)
            try await deployment.tenants.owner.execute(
                "UPDATE webhook_events SET lease_until = now() - interval '1 second' WHERE status = 'sending'")
            try await eventually("it is delivered") {
                try await customer.get("/jobs/\(job)/deliveries").json["status"] as? String == "delivered"
            }
            #expect(receiver.received.count == 2)
            #expect(Set(receiver.received.map(\.id)).count == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
            let attempts = try await Self.attempts(customer, job)
            #expect(attempts.map { $0["attempt"] as? Int } == [1, 2])
            #expect(attempts.map { $0["error"] as? String } == ["interrupted", nil])
            second.process.signal(SIGTERM)
            #expect(try await second.process.ended() == 0)
        }
    }
}
