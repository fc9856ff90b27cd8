import Postgres
import Tenancy

/// A job's id: the pipeline's own type is not of this room.
struct TestJob: TypedID {
    static let prefix = "job_"
    let rawValue: String
    init(unchecked rawValue: String) { self.rawValue = rawValue }
}
