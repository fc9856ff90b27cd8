import Egress
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// What happens when a process dies or is told to stop.
@Suite struct ResilienceTests {
    @Test func `a job whose worker is killed completes after the lease, once, and leaves no orphan`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            try await deployment.keepTasks()
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let first = try await deployment.start("worker")
            let media = try TemporaryFolder()
            defer { media.remove() }
            let file = try await Recordings.speech(Recordings.allClips, into: media, named: "all.flac")
            let job = try await customer.submit(file: file)
            _ = try await first.process.log.line(with: "task started", "recognize", job)
            let children = try first.process.children()
            #expect(!children.isEmpty)
            first.process.signal(SIGKILL)
            #expect(try await first.process.ended() == -SIGKILL)
            try await eventually("the model server has ended with its worker") {
                children.allSatisfy { kill($0, 0) != 0 }
            }

            let second = try await deployment.start("worker")
            #expect(try await customer.words(of: job).contains("young man"))
            _ = try await second.process.log.line(with: "rescued tasks of lost workers")
            let counts = try await deployment.tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM transcripts), (SELECT count(*) FROM every_task WHERE kind = 'assemble'),
                    (SELECT max(attempt) FROM every_task WHERE kind = 'recognize'), (SELECT max(attempt) FROM every_task WHERE kind = 'prepare')
                """)[0].decode(Int.self, Int.self, Int.self, Int.self)
            #expect(counts == (1, 1, 2, 1))
        }
    }

    @Test func `a model server that is killed is started again, and its job completes`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            _ = try await node.process.log.line(with: "task started", "recognize", job)
            for child in try node.process.children() { kill(child, SIGKILL) }
            #expect(try await customer.words(of: job).contains("young man"))
            _ = try await node.process.log.line(with: "the model server ended; starting it again")
        }
    }

    @Test func `a worker that is told to stop ends what runs, and hands on the rest`() async throws {
        try await Deployment.with { deployment in
            try await deployment.keepTasks()
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            // A worker that stops waits 20 s for what runs; recognizing takes longer on a busy machine.
            let relay = try ModelServerRelay(to: try await SharedModelServer.shared().url)
            let first = try await deployment.start(
                "worker", ["VERBATIM_WORKER_SLOTS": "1", "VERBATIM_INFERENCE_URL": relay.url])
            let jobs = [
                try await customer.submit(file: Recordings.clip("0870")),
                try await customer.submit(file: Recordings.clip("0880")),
            ]
            _ = try await first.process.log.line(with: "task started", "recognize", jobs[0])
            await relay.holdsAnswer()
            first.process.signal(SIGTERM)
            _ = try await first.process.log.line(with: "worker draining")
            relay.release()
            #expect(try await first.process.ended() == 0)
            _ = try await first.process.log.line(with: "task done", "recognize", jobs[0])
            let second = try await deployment.start("worker")
            for job in jobs { #expect(try await customer.finished(job)["status"] as? String == "completed") }
            second.process.signal(SIGTERM)
            #expect(try await second.process.ended() == 0)
            let attempts = try await deployment.tenants.owner.query("SELECT max(attempt) FROM every_task")[0].decode(
                Int.self)
            #expect(attempts == 1)
        }
    }

    @Test func `after an outage longer than a lease, an idle worker leaves a busy one its task`() async throws {
        try await Deployment.with { deployment in
            try await deployment.keepTasks()
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let relay = try ModelServerRelay(to: try await SharedModelServer.shared().url)
            let busy = try await deployment.start("worker", ["VERBATIM_INFERENCE_URL": relay.url])
            let job = try await customer.submit(file: Recordings.clip("0880"))
            await relay.holdsAnswer()
            let idle = try await deployment.start("worker", ["VERBATIM_LOG_LEVEL": "debug"])
            // A connection that stays, to let time pass while nobody else gets in.
            let inside = PostgresPool(
                configuration: .init(url: deployment.tenants.database.url, size: 1), logger: Logger(label: "test"))
            let mine = try await inside.query("SELECT pg_backend_pid()")[0].decode(Int.self)
            let outside = PostgresPool(
                configuration: .init(url: try await TestCluster.shared().url, size: 1), logger: Logger(label: "test"))
            let name = deployment.tenants.database.name
            try await outside.execute("ALTER DATABASE \(unescaped: name) ALLOW_CONNECTIONS false")
            try await outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name) AND pid <> \(mine)")
            _ = try await busy.process.log.line(with: "the database is away")
            _ = try await idle.process.log.line(with: "could not look for work")
            let ended = try await inside.execute(
                "UPDATE tasks SET lease_until = now() - interval '1 hour' WHERE status = 'running'")
            #expect(ended == 1)
            try await outside.execute("ALTER DATABASE \(unescaped: name) ALLOW_CONNECTIONS true")
            try await eventually("the busy worker has its lease again") {
                try await inside.query("SELECT FROM tasks WHERE status = 'running' AND lease_until > now()").count == 1
            }
            relay.release()
            #expect(try await customer.words(of: job).contains("young man"))
            #expect(!idle.process.log.lines.contains { $0.contains("rescued tasks") })
            let attempts = try await inside.query("SELECT max(attempt) FROM every_task WHERE kind = 'recognize'")
            #expect(try attempts[0].decode(Int.self) == 1)
            await inside.close()
            await outside.close()
        }
    }

    @Test func `an API that is told to stop ends with status 0`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            _ = try await deployment.customer(at: node)
            node.process.signal(SIGTERM)
            #expect(try await node.process.ended() == 0)
        }
    }

    @Test
    func
        `a connection that breaks at COMMIT is found out about, and leaves no job without audio nor audio without job`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            // Ends the server's process for the connection while COMMIT is under way.
            for statement in [
                """
                CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
                """,
                """
                CREATE CONSTRAINT TRIGGER break_off AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION break_off()
                """,
            ] {
                try await deployment.tenants.owner.execute(PostgresQuery(unescaped: statement))
            }
            let broken = try await customer.post(file: Recordings.clip("0880"))
            #expect(try broken.problem(503)["error"] as? String == "transient_error")
            #expect(broken.headers["Retry-After"] != nil)
            #expect(try deployment.storage.files == [])
            #expect(try await customer.get("/jobs").json["jobs"] as? [String] == [])
            try await deployment.tenants.owner.execute("DROP TRIGGER break_off ON jobs")
            _ = try await customer.submit(file: Recordings.clip("0880"))
        }
    }
}
