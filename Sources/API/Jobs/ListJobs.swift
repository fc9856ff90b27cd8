import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs`: a customer's jobs, newest first, a page at a time.
struct ListJobs: Sendable {
    /// Of a text to look for, in characters.
    private static let longestText = 100

    let databases: Databases
    /// A search reads up to 10,000 jobs, so an account that never stops would take a core of the database.
    private let searches = NodeRateLimit<TenantID>(perMinute: 60, capacity: 20_000)

    init(databases: Databases) { self.databases = databases }

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let (asked, limit) = try Self.parse(request)
        var filter = asked
        filter.isTest = context.principal.mode == .test
        if filter.text != nil { try takeSearch(of: tenant) }
        let page = try await JobPage.load(of: tenant, filter, limit: limit, on: databases.app)
        var json = JSONWriter(capacity: 1024 * (page.jobs.count + 1))
        json.object { json in
            json.key("jobs")
            json.array(page.jobs) { JobDocument(job: $1).write(to: &$0) }
            json.key("next_cursor")
            json.string(page.nextCursor?.text)
        }
        return JSONResponse.make(json.bytes)
    }

    private func takeSearch(of tenant: TenantID) throws {
        do {
            try searches.take(tenant, at: .now())
        } catch {
            throw APIError.rateLimited(
                "Too many searches in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
    }

    private static func parse(_ request: Request) throws -> (JobFilter, limit: Int) {
        let query = request.uri.queryParameters
        var filter = JobFilter()
        if let text = query["status"] {
            guard let status = JobStatus(rawValue: String(text)) else {
                throw APIError.invalidRequest(
                    "'status' must be one of \(JobStatus.allCases.map(\.rawValue).joined(separator: ", ")).",
                    field: "status")
            }
            filter.status = status
        }
        if let text = query["q"], !text.isEmpty {
            guard text.unicodeScalars.count <= longestText, !text.utf8.contains(0) else {
                throw APIError.invalidRequest("'q' must have at most \(longestText) characters.", field: "q")
            }
            filter.text = String(text)
        }
        filter.since = try query["since"].map { try time($0, field: "since") }
        filter.until = try query["until"].map { try time($0, field: "until") }
        let page = try PageRequest(request, cursor: { JobCursor($0) })
        filter.before = page.cursor?.before
        return (filter, page.limit)
    }

    private static func time(_ text: Substring, field: String) throws -> Timestamp {
        guard let time = Timestamp(rfc3339: String(text)) else {
            throw APIError.invalidRequest(
                "'\(field)' must be an RFC 3339 time such as 2026-11-23T09:30:00Z.", field: field)
        }
        return time
    }
}
