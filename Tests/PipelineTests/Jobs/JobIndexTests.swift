import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// That looks at few of many jobs touch few: what PostgreSQL counts in the transaction of the look tells, whatever it planned.
@Suite struct JobIndexTests {
    /// Each statement so often, on one connection.
    private static let times = 8

    private struct Touched: Sendable {
        let fullScans, rows: Int

        /// In all finished transactions of the pool's only connection, and whatever others have told so far.
        static func so(farOn pool: PostgresPool) async throws -> Touched {
            // Otherwise a connection tells what it counted once a second.
            try await pool.query("SELECT pg_stat_force_next_flush()")
            let counts = try await pool.query(
                """
                SELECT seq_scan, coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_user_tables
                WHERE relname = 'jobs'
                """)[0].decode(Int.self, Int.self)
            return Touched(fullScans: counts.0, rows: counts.1)
        }

        static func so(far transaction: PostgresTransaction) throws -> Touched {
            let counts = try transaction.first(
                """
                SELECT seq_scan, coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables
                WHERE relname = 'jobs'
                """, as: Int.self, Int.self)
            return Touched(fullScans: counts?.0 ?? 0, rows: counts?.1 ?? 0)
        }

        func expectFew(_ what: String) {
            #expect(fullScans == 0, "\(what)")
            #expect(rows < 1_000 * times, "\(what)")
        }
    }

    private static func look(
        _ what: String, _ tenant: TenantID?, on pool: PostgresPool, finds count: Int,
        _ body: @Sendable (PostgresTransaction) throws -> Int
    ) async throws {
        // As a prepared statement may be planned from its sixth time on: without its values.
        let plan = (name: "plan_cache_mode", value: "force_generic_plan")
        let settings = tenant.map { [(name: "verbatim.tenant", value: $0.rawValue), plan] } ?? []
        let touched = try await pool.transaction(settings: settings) { transaction in
            let before = try Touched.so(far: transaction)
            for _ in 0..<times {
                let found = try body(transaction)
                #expect(found == count, "\(what)")
            }
            let after = try Touched.so(far: transaction)
            return Touched(fullScans: after.fullScans - before.fullScans, rows: after.rows - before.rows)
        }
        touched.expectFew(what)
    }

    private static func list(
        _ what: String, _ tenant: TenantID, _ filter: JobFilter, on pool: PostgresPool, finds count: Int
    ) async throws {
        let before = try await Touched.so(farOn: pool)
        for _ in 0..<times {
            let page = try await JobPage.load(of: tenant, filter, limit: 50, on: pool)
            #expect(page.jobs.count + (page.nextCursor == nil ? 0 : 1) == count, "\(what)")
        }
        let after = try await Touched.so(farOn: pool)
        #expect(after.rows > before.rows || count == 0, "\(what): it is counted")
        Touched(fullScans: after.fullScans - before.fullScans, rows: after.rows - before.rows).expectFew(what)
    }

    /// A hundred thousand, one a second until now: of three in five one tenant's. Of a thousand one failed, the last ten wait.
    private static func fill(_ tenants: Tenants) async throws {
        let (example, other) = (tenants.example, tenants.other)
        try await tenants.owner.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, status, created_at, completed_at, status_changed_at, diarize, language_requested,
                max_duration_ms, source_type, source_key, source_kept_until, error_code, error_message)
            SELECT CASE WHEN n % 5 < 3 THEN \(example) ELSE \(other) END, 'job_' || lpad(upper(to_hex(n)), 26, '0'), status,
                at, CASE WHEN status <> 'queued' THEN at END, at, true, 'auto', 1000, 'upload', 'tenants/x',
                now() + interval '1 hour', CASE WHEN status = 'failed' THEN 'transient_error' END,
                CASE WHEN status = 'failed' THEN 'A sentence.' END
            FROM (
                SELECT n, now() - make_interval(secs => 100000 - n) AS at,
                    CASE WHEN n > 99990 THEN 'queued' WHEN n % 1000 = 0 THEN 'failed' ELSE 'completed' END AS status
                FROM generate_series(1, 100000) n
            ) numbered
            """)
        try await tenants.owner.execute("ANALYZE jobs")
    }

    private static func job(_ number: Int) throws -> JobID {
        let digits = String(number, radix: 16, uppercase: true)
        return try #require(JobID(rawValue: "job_" + String(repeating: "0", count: 26 - digits.count) + digits))
    }

    @Test func `of a hundred thousand jobs, lists and look-ups touch those that they show`() async throws {
        try await Tenants.with { tenants in
            try await Self.fill(tenants)
            let example = tenants.example
            let service = PostgresPool(
                configuration: .init(
                    url: tenants.database.url, role: "verbatim_app", size: 1, acquireTimeout: .seconds(120)),
                logger: Logger(label: "test"))
            let now = Timestamp.now()
            let middle = try Self.job(50_000)
            var filters: [(String, JobFilter, Int)] = [("all", JobFilter(), 51)]
            func add(_ name: String, _ count: Int, _ change: (inout JobFilter) -> Void) {
                var filter = JobFilter()
                change(&filter)
                filters.append((name, filter, count))
            }
            add("of a common status", 51) { $0.status = .completed }
            add("of a rare status", 51) { $0.status = .failed }
            add("of a status that none has", 0) { $0.status = .processing }
            add("changed in the last hours", 51) { $0.since = now - .seconds(20_000) }
            add("changed just now", 0) { $0.since = now + .seconds(60) }
            add("changed within a minute long ago", 36) {
                $0.since = now - .seconds(90_060)
                $0.until = now - .seconds(90_000)
            }
            add("changed before all of them", 0) { $0.until = now - .seconds(200_000) }
            add("the next page", 51) { $0.before = middle }
            add("the next page of a rare status", 49) {
                $0.before = middle
                $0.status = .failed
            }
            add("the next page of what changed lately", 0) {
                $0.before = middle
                $0.since = now - .seconds(60)
            }
            for (name, filter, count) in filters {
                try await Self.list(name, example, filter, on: service, finds: count)
            }
            await service.close()

            let failed = try Self.job(1_000)
            try await Self.look("an operator's look at a job", nil, on: tenants.owner, finds: 1) {
                try JobOverview.find(failed, in: $0) == nil ? 0 : 1
            }
            try await Self.look("an operator's retry", nil, on: tenants.owner, finds: 1) {
                _ = try JobRetry.find(failed, in: $0)
                return 1
            }
            let lists: [(String, TenantID?, JobStatus?, Int)] = [
                ("all", nil, nil, 50), ("a tenant's", example, nil, 50), ("a rare status'", nil, .failed, 50),
                ("a status' that none has", nil, .cancelled, 0), ("a tenant's of a rare status", example, .failed, 50),
            ]
            for (name, tenant, status, count) in lists {
                try await Self.look("operators' list, \(name)", nil, on: tenants.owner, finds: count) {
                    try JobOverview.newest(of: tenant, status: status, limit: 50, in: $0).count
                }
            }
        }
    }
}
