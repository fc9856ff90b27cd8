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
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try JobPage.load(of: tenant, filter, limit: limit, in: $0)
        }
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
            for table in ["jobs", "tasks", "pieces", "transcripts"] {
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

    @Test(arguments: ["", "x", "am9i", "am9iXzAxTTgzOE5FUVZNSjBSQ1pSM0E5R0pNRkU=", "' OR 1=1"])
    func `what is no cursor is none`(text: String) {
        #expect(JobCursor(text) == nil)
    }
}
