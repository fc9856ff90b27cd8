import Foundation
import Postgres
import Tenancy

/// Which of a tenant's jobs a list is to hold.
package struct JobFilter: Sendable {
    package var status: JobStatus?
    /// By the time at which the job last changed status: from `since` on, before `until`.
    package var since: Timestamp?
    package var until: Timestamp?
    /// Only jobs older than this one: where the page before ended.
    package var before: JobID?

    package init() {}
}

/// One page of a tenant's jobs, newest first.
package struct JobPage: Sendable {
    package let jobs: [Job]
    package let nextCursor: JobCursor?

    /// - Parameter limit: 1 to 200.
    package static func load(
        of tenant: TenantID, _ filter: JobFilter, limit: Int, in transaction: PostgresTransaction
    ) throws -> JobPage {
        let found = try Job.list(of: tenant, filter, limit: limit, in: transaction)
        let jobs = Array(found.prefix(limit))
        return JobPage(jobs: jobs, nextCursor: found.count > limit ? jobs.last.map { JobCursor(before: $0.id) } : nil)
    }
}

/// The end of a page. It names a job, not a position, so it stays right while jobs are added or change.
package struct JobCursor: Sendable, Equatable {
    package let before: JobID

    package init(before: JobID) { self.before = before }

    /// Nil when `text` is not a cursor of ours.
    package init?(_ text: String) {
        guard let data = Data(base64Encoded: text), let before = JobID(rawValue: String(decoding: data, as: UTF8.self))
        else { return nil }
        self.before = before
        guard self.text == text else { return nil }
    }

    /// 30 bytes make 40 base64 digits without padding, of which none needs an escape in a URL.
    package var text: String { Data(before.rawValue.utf8).base64EncodedString() }
}
