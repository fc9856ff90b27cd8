import Egress
import Logging
import Postgres
import Tenancy
import TestSupport
import Testing

/// What Prometheus sees of a node and of the queue behind it.
@Suite struct MetricsTests {
    @Test func `requests are counted by route, and the queue is counted over all accounts`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let jobs = [
                try await alice.submit(file: Recordings.clip("0880")),
                try await alice.submit(file: Recordings.clip("0880")),
                try await charlie.submit(file: Recordings.clip("0880")),
            ]
            for job in jobs { _ = try await alice.get("/jobs/\(job)?zimtstern=query") }
            _ = try await anyone.get("/zimtstern/path")
            _ = try await anyone.send("PURGE", "/jobs")

            try await eventually("all three jobs wait") {
                try await Scrape(anyone.get("/metrics")).samples[#"verbatim_jobs{state="waiting"}"#] == 3
            }
            let answer = try await anyone.get("/metrics")
            let scrape = try Scrape(answer)
            for (name, value) in [
                (#"verbatim_http_requests_total{method="POST",route="/jobs",status="2xx"}"#, 3),
                (#"verbatim_http_requests_total{method="GET",route="/jobs/{id}",status="2xx"}"#, 2),
                (#"verbatim_http_requests_total{method="GET",route="/jobs/{id}",status="4xx"}"#, 1),
                (#"verbatim_http_requests_total{method="GET",route="none",status="4xx"}"#, 1),
                (#"verbatim_http_requests_total{method="other",route="none",status="4xx"}"#, 1),
                (#"verbatim_http_requests_total{method="GET",route="/usage",status="2xx"}"#, 0),
                (#"verbatim_http_request_duration_seconds_count{method="POST",route="/jobs"}"#, 3),
                (#"verbatim_http_request_duration_seconds_bucket{method="POST",route="/jobs",le="+Inf"}"#, 3),
                ("verbatim_http_requests_in_flight", 1), ("verbatim_database_up", 1),
                ("verbatim_uploads_waiting", 0), ("verbatim_probes_waiting", 0),
                (#"verbatim_jobs{state="running"}"#, 0), (#"verbatim_tasks{kind="prepare",state="ready"}"#, 3),
                (#"verbatim_tasks{kind="clean",state="ready"}"#, 0), ("verbatim_webhook_deliveries_pending", 0),
            ] {
                #expect(scrape.samples[name] == Double(value), "\(name)")
            }
            #expect(try #require(scrape.samples["verbatim_job_oldest_wait_seconds"]) > 0)
            #expect(try #require(scrape.samples["verbatim_connections_open"]) > 0)
            // Alice and Charlie have logged in.
            #expect(scrape.samples["verbatim_login_checks_total"] == 2)
            for pool in ["app", "system", "sessions", "leases", "health"] {
                #expect(scrape.samples[#"verbatim_database_calls_waiting{pool="\#(pool)"}"#] != nil, "\(pool)")
            }
            try await eventually("the uploads have given back what they held") {
                let held = try await Scrape(anyone.get("/metrics")).samples
                return held["verbatim_spool_bytes"] == 0 && held["verbatim_spool_accounts"] == 0
            }
            #expect(try #require(scrape.samples["process_resident_memory_bytes"]) > 1_000_000)
            #expect(try #require(scrape.samples["process_cpu_seconds_total"]) > 0)
            #expect(try #require(scrape.samples["process_start_time_seconds"]) > 1_700_000_000)
            #expect(scrape.samples.keys.contains { $0.hasPrefix("verbatim_build_info{version=\"") })
            let secrets =
                jobs + [deployment.tenants.example.rawValue, deployment.tenants.other.rawValue, "zimtstern", "PURGE"]
            for secret in secrets { #expect(!answer.text.contains(secret), "\(secret)") }
            #expect(answer.headers["Cache-Control"] == "no-store")
        }
    }

    @Test func `a worker tells what it has done, at an address of its own`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let worker = try await deployment.start("worker", ["VERBATIM_METRICS_LISTEN": "127.0.0.1:0"])
            let line = try await worker.process.log.line(with: "\"message\":\"listening for metrics\"")
            let address = try #require(line.firstMatch(of: /http:[^"]+/)).output.replacing("\\/", with: "/")
            let anyone = Customer(
                node: Node(process: worker.process, url: String(address)), http: deployment.http, token: "")
            let alice = try await deployment.customer(at: node)
            let before = try await Scrape(anyone.get("/metrics")).samples
            // All are there from the start, because a rate needs a first value.
            for name in [
                #"verbatim_jobs_ended_total{code="none"}"#, #"verbatim_jobs_ended_total{code="invalid_audio"}"#,
                #"verbatim_task_attempts_total{kind="recognize",outcome="done"}"#,
                #"verbatim_engine_errors_total{reason="timeout"}"#, #"verbatim_engine_errors_total{reason="busy"}"#,
                #"verbatim_engine_fallbacks_total{reason="timeout"}"#,
                #"verbatim_webhook_attempts_total{error="none"}"#,
                "verbatim_webhook_lag_seconds_count", "verbatim_reserved_seconds",
                "verbatim_webhook_oldest_due_seconds",
            ] { #expect(before[name] == 0, "\(name)") }

            let job = try await alice.submit(file: Recordings.clip("0880"))
            _ = try await alice.finished(job)
            try await eventually("the worker has counted it") {
                try await Scrape(anyone.get("/metrics")).samples[#"verbatim_jobs_ended_total{code="none"}"#] == 1
            }
            let answer = try await anyone.get("/metrics")
            let scrape = try Scrape(answer).samples
            for kind in ["prepare", "recognize", "assemble"] {
                #expect(scrape[#"verbatim_task_attempts_total{kind="\#(kind)",outcome="done"}"#] == 1, "\(kind)")
                #expect(scrape[#"verbatim_task_duration_seconds_count{kind="\#(kind)"}"#] == 1, "\(kind)")
            }
            let audio = scrape.filter { $0.key.hasPrefix("verbatim_recognized_audio_seconds_total{") }.values.reduce(
                0, +)
            let time = scrape.filter { $0.key.hasPrefix("verbatim_recognition_seconds_total{") }.values.reduce(0, +)
            #expect(audio > 1 && time > 0)
            #expect(scrape["verbatim_model_server_up"] == 1)
            #expect(scrape[#"verbatim_model_server_requests{state="waiting"}"#] != nil)
            for pool in ["app", "system", "sessions", "leases", "health"] {
                #expect(try #require(scrape[#"verbatim_database_connections_limit{pool="\#(pool)"}"#]) > 0, "\(pool)")
                #expect(scrape[#"verbatim_database_connections{pool="\#(pool)"}"#] != nil, "\(pool)")
            }
            #expect(!scrape.keys.contains { $0.hasPrefix("verbatim_http_requests_total") })
            for secret in [job, deployment.tenants.example.rawValue] { #expect(!answer.text.contains(secret)) }
            #expect(try await anyone.get("/healthz").status == 200)
            #expect(try await anyone.get("/readyz").status == 200)
            for path in ["/jobs", "/docs", "/app", "/plans"] {
                #expect(try await anyone.get(path).status == 404, "\(path)")
            }
        }
    }

    @Test func `while the database is away the node says so, and all the rest`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let (name, cluster) = (deployment.tenants.database.name, try await TestCluster.shared())
            let outside = PostgresPool(configuration: .init(url: cluster.url, size: 1), logger: Logger(label: "test"))
            func allow(_ allowed: Bool) async throws {
                try await outside.execute(
                    "ALTER DATABASE \(unescaped: name) WITH ALLOW_CONNECTIONS \(unescaped: "\(allowed)")")
            }
            try await allow(false)
            try await outside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(name)")
            let away = try Scrape(await anyone.get("/metrics"))
            #expect(away.samples["verbatim_database_up"] == 0)
            for family in ["verbatim_jobs", "verbatim_tasks", "verbatim_job_oldest_wait_seconds"] {
                #expect(away.types[family] == nil)
            }
            #expect(away.samples["process_resident_memory_bytes"] != nil)
            try await allow(true)
            try await eventually("the queue is seen again") {
                try await Scrape(anyone.get("/metrics")).samples["verbatim_database_up"] == 1
            }
            await outside.close()
        }
    }
}
