import Postgres
import Tenancy

/// The name of a job, for its customer and in every table: `job_` + ULID, so that ids sort by time.
package struct JobID: TypedID {
    package static let prefix = "job_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
