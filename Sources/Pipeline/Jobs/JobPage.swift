import Foundation
import Postgres
import Tenancy

/// Which of a tenant's jobs a list contains.
package struct JobFilter: Sendable {
    package var status: JobStatus?
    /// The range of the time at which the job last changed its status: from `since` on, before `until`.
    package var since: Timestamp?
    package var until: Timestamp?
    /// Only jobs older than this one, with which the previous page ended.
    package var before: JobID?
    /// Only jobs with this text in their name, URL or metadata, in small or capital letters, or with this id.
    package var text: String?
    /// Whether it contains the jobs of test keys, or all others.
    package var isTest = false

    package init() {}
}

/// One page of a tenant's jobs, newest first.
package struct JobPage: Sendable {
    package let jobs: [Job]
    package let nextCursor: JobCursor?

    /// How many jobs are read for one page when a text is looked for. No index helps there.
    package static let mostSearched = 10_000

    /// With a text to look for, a page can have fewer jobs than `limit`, or none, and there is a next one all the same.
    ///
    /// - Parameter limit: 1 to 200.
    package static func load(
        of tenant: TenantID, _ filter: JobFilter, limit: Int, on pool: PostgresPool
    ) async throws -> JobPage {
        let found = try await Job.list(of: tenant, filter, limit: limit, on: pool)
        let jobs = Array(found.prefix(limit))
        var next = found.count > limit ? jobs.last?.id : nil
        if next == nil, filter.text != nil {
            next = try await Job.last(ofSearch: filter, of: tenant, on: pool)
        }
        return JobPage(jobs: jobs, nextCursor: next.map(JobCursor.init(before:)))
    }
}

/// The end of a page. It names a job, not a position, so it stays right while jobs are added or change.
package struct JobCursor: Sendable, Equatable {
    package let before: JobID

    package init(before: JobID) { self.before = before }

    /// Nil if `text` is not one of our cursors.
    package init?(_ text: String) {
        guard let data = Data(base64Encoded: text), let before = JobID(rawValue: String(decoding: data, as: UTF8.self))
        else { return nil }
        self.before = before
        guard self.text == text else { return nil }
    }

    /// 30 bytes are 40 Base64 digits without padding. None of them needs an escape in a URL.
    package var text: String { Data(before.rawValue.utf8).base64EncodedString() }
}
