import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct JobListTests {
    private static func page(
        _ scene: QueueScene, _ tenant: TenantID? = nil, limit: Int = 50, _ filter: JobFilter = JobFilter()
    ) async throws -> JobPage {
        let tenant = tenant ?? scene.tenants.example
        return try await JobPage.load(of: tenant, filter, limit: limit, on: scene.tenants.databases.app)
    }

    @Test func `jobs come newest first, each once, over all pages, while others are added and change`() async throws {
        try await QueueScene.run { scene in
            var ids: [JobID] = []
            for _ in 0..<7 { ids.append(try await scene.submit().id) }
            var seen: [JobID] = []
            var filter = JobFilter()
            while true {
                let page = try await Self.page(scene, limit: 3, filter)
                seen += page.jobs.map(\.id)
                try await scene.submit()
                try await scene.tenants.owner.execute("UPDATE jobs SET status_changed_at = now()")
                guard let cursor = page.nextCursor else { break }
                filter.before = try #require(JobCursor(cursor.text)).before
            }
            #expect(seen == ids.sorted { $0.rawValue > $1.rawValue })
        }
    }

    @Test func `another tenant's jobs are neither listed nor found`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let other = scene.tenants.other
            #expect(try await Self.page(scene, other).jobs == [])
            let found = try await scene.tenants.databases.app.transaction(of: other) {
                try Job.find(job.id, of: other, in: $0)
            }
            #expect(found == nil)
        }
    }

    @Test func `row-level security hides another tenant's job even from a query that forgets the tenant`() async throws
    {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let (example, other) = (scene.tenants.example, scene.tenants.other)
            for table in ["jobs", "tasks", "chunks", "transcripts"] {
                let rows = try await scene.tenants.databases.app.transaction(of: other) {
                    try $0.query("SELECT * FROM \(unescaped: table)").count
                }
                #expect(rows == 0, "\(table)")
            }
            let found = try await scene.tenants.databases.app.transaction(of: other) {
                try Job.find(job.id, of: example, in: $0)
            }
            #expect(found == nil)
            let error = await #expect(throws: PostgresError.self) {
                try await scene.tenants.databases.app.transaction(of: other) {
                    try $0.execute(
                        "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(example), \(job.id), '')")
                }
            }
            #expect(error?.sqlState == "42501")
        }
    }

    @Test func `status and time of change select`() async throws {
        try await QueueScene.run { scene in
            let old = try await scene.submit().id
            let new = try await scene.submit().id
            let moment = Timestamp(rfc3339: "2026-11-01T00:00:00Z")
            try await scene.tenants.owner.execute(
                "UPDATE jobs SET status = 'processing', status_changed_at = \(moment) WHERE id = \(old)")
            var filter = JobFilter()
            filter.status = .processing
            #expect(try await Self.page(scene, limit: 10, filter).jobs.map(\.id) == [old])
            filter = JobFilter()
            filter.until = Timestamp(rfc3339: "2026-11-02T00:00:00Z")
            #expect(try await Self.page(scene, limit: 10, filter).jobs.map(\.id) == [old])
            filter = JobFilter()
            filter.since = Timestamp(rfc3339: "2026-11-02T00:00:00Z")
            #expect(try await Self.page(scene, limit: 10, filter).jobs.map(\.id) == [new])
        }
    }

    @Test func `a text selects by name, metadata and id, in small and capital letters, and nothing of another tenant`()
        async throws
    {
        try await QueueScene.run { scene in
            let (board, call, foreign) = (
                try await scene.submit().id, try await scene.submit().id, try await scene.submit().id
            )
            let owner = scene.tenants.owner
            try await owner.execute("UPDATE jobs SET source_name = 'Board Meeting 100%.mp3' WHERE id = \(board)")
            try await owner.execute("UPDATE jobs SET metadata = '{\"project\":\"Harbor\"}' WHERE id = \(call)")
            try await owner.execute("UPDATE jobs SET source_name = 'Board 2' WHERE id = \(foreign)")
            func found(_ text: String, _ tenant: TenantID? = nil) async throws -> [JobID] {
                var filter = JobFilter()
                filter.text = text
                return try await Self.page(scene, tenant, limit: 10, filter).jobs.map(\.id)
            }
            #expect(try await found("board meeting") == [board])
            #expect(try await found("100%.MP3") == [board])
            // Nothing in it has a meaning.
            #expect(try await found("board%meeting") == [])
            #expect(try await found("_oard") == [])
            #expect(try await found("hARBOR") == [call])
            #expect(try await found(call.rawValue) == [call])
            #expect(try await found("board") == [foreign, board])
            #expect(try await found("board", scene.tenants.other) == [])
            // However a program has written it as JSON.
            let written = #"{"city":"Z\u00fcrich \ud83d\ude00","said":"say \"hi\" in a\\b"}"#
            try await owner.execute("UPDATE jobs SET metadata = \(written)::json WHERE id = \(foreign)")
            for text in ["Zürich", "zürich 😀", #"say "hi""#, #"A\B"#] {
                #expect(try await found(text) == [foreign], "\(text)")
            }
            let capital = #"{"land":"\u00d6sterreich (und *)","city":"ZÜRICH"}"#
            try await owner.execute("UPDATE jobs SET metadata = \(capital)::json WHERE id = \(foreign)")
            for text in ["Zürich", "Österreich", "österreich", "österreich (und *)"] {
                #expect(try await found(text) == [foreign], "\(text)")
            }
            #expect(try await found("ö.terreich") == [])
        }
    }

    @Test func `a search reads a bounded number of jobs for each page, and finds all of them over all pages`()
        async throws
    {
        try await QueueScene.run { scene in
            let example = scene.tenants.example
            let count = JobPage.mostSearched * 2 + 5
            try await scene.tenants.owner.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
                    max_duration_ms, source_type, source_name, source_deleted_at)
                SELECT \(example), 'job_' || lpad(n::text, 26, '0'), 'completed', now(), now(), true, 'auto', '{}', 1000, 'upload',
                    CASE WHEN n IN (1, 2, 15000) THEN 'wanted' ELSE 'other' END, now()
                FROM generate_series(1, \(count)) n
                """)
            var filter = JobFilter()
            filter.text = "wanted"
            var (pages, found) = (0, [String]())
            while true {
                let page = try await Self.page(scene, limit: 10, filter)
                pages += 1
                found += page.jobs.map { String($0.id.rawValue.suffix(5)) }
                guard let cursor = page.nextCursor else { break }
                filter.before = cursor.before
            }
            #expect(found == ["15000", "00002", "00001"])
            #expect(pages == 3)
        }
    }

    @Test func `after an outage, since finds each job that started or ended meanwhile, once, over all pages`()
        async throws
    {
        try await QueueScene.run { scene in
            let owner = scene.tenants.owner
            func submit() async throws -> JobID { try await scene.submit().id }
            let (idle, started, done) = (try await submit(), try await submit(), try await submit())
            let (failed, cancelled, stopped) = (try await submit(), try await submit(), try await submit())
            // Nobody else's turn but that job's.
            func start(_ job: JobID) async throws -> ClaimedTask {
                try await owner.execute("UPDATE tasks SET run_after = now() + interval '1 hour' WHERE status = 'ready'")
                try await owner.execute("UPDATE tasks SET run_after = now() WHERE job_id = \(job)")
                return try #require(try await scene.first.claim(limit: 1).first { $0.job == job })
            }
            let (ending, failing, stopping) = (try await start(done), try await start(failed), try await start(stopped))
            try await owner.execute(
                "UPDATE jobs SET status_changed_at = now() - interval '1 hour', samples_total = 16000, samples_to_process = 0"
            )
            let outage = Timestamp.now()

            _ = try await start(started)
            try await scene.write(ending) {
                try $0.completeJob(Transcript.empty(of: $0.job), body: [], in: $1)
            }
            try await scene.write(failing) { try $0.failJob(.internal, in: $1) }
            let example = scene.tenants.example
            for job in [cancelled, stopped] {
                try await scene.tenants.databases.app.transaction(of: example) {
                    _ = try Job.cancel(job, of: example, in: $0)
                }
            }
            #expect(stopping.job == stopped)

            var filter = JobFilter()
            // A minute of overlap, as the contract advises.
            filter.since = outage + .seconds(-60)
            var seen: [JobID: JobStatus] = [:]
            while true {
                let page = try await Self.page(scene, limit: 2, filter)
                for job in page.jobs {
                    #expect(seen[job.id] == nil)
                    seen[job.id] = job.status
                }
                guard let cursor = page.nextCursor else { break }
                filter.before = try #require(JobCursor(cursor.text)).before
            }
            #expect(
                seen == [
                    started: .processing, done: .completed, failed: .failed, cancelled: .cancelled, stopped: .cancelled,
                ])
            #expect(seen[idle] == nil)
        }
    }

    @Test func `pages of a selection stay right while jobs enter it, leave it and are deleted`() async throws {
        try await QueueScene.run { scene in
            let example = scene.tenants.example
            var ids: [JobID] = []
            for _ in 0..<12 { ids.append(try await scene.submit().id) }
            ids.sort { $0.rawValue > $1.rawValue }
            func cancel(_ job: JobID) async throws {
                try await scene.tenants.databases.app.transaction(of: example) {
                    _ = try Job.cancel(job, of: example, in: $0)
                }
            }
            var filter = JobFilter()
            filter.status = .queued
            filter.since = .now() + .seconds(-60)
            var seen: [JobID] = []
            var gone: Set<JobID> = []
            for page in 0... {
                let found = try await Self.page(scene, limit: 3, filter)
                seen += found.jobs.map(\.id)
                guard let cursor = found.nextCursor else { break }
                filter.before = try #require(JobCursor(cursor.text)).before
                try await scene.submit()
                // One that was seen and one that was not leave; the one that the cursor names is deleted.
                let leaving = [found.jobs[0].id, ids[min(page * 3 + 4, 11)], try #require(found.jobs.last).id]
                for job in leaving where !gone.contains(job) {
                    try await cancel(job)
                    gone.insert(job)
                }
                try await scene.tenants.databases.app.transaction(of: example) {
                    _ = try JobDeletion.remove(leaving[2], of: example, in: $0)
                }
            }
            #expect(seen == seen.sorted { $0.rawValue > $1.rawValue })
            #expect(Set(seen).count == seen.count)
            // Whoever stayed queued all the time was seen.
            #expect(Set(ids).subtracting(gone).isSubset(of: seen))
            #expect(Set(seen).isSubset(of: ids))
        }
    }

    @Test(arguments: ["", "x", "am9i", "am9iXzAxTTgzOE5FUVZNSjBSQ1pSM0E5R0pNRkU=", "' OR 1=1"])
    func `what is no cursor is none`(text: String) {
        #expect(JobCursor(text) == nil)
    }
}
