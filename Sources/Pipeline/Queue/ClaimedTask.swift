import Postgres
import Tenancy

/// A task that this worker holds, for as long as its lease lasts. `fence` proves it: a later claim has a higher one.
package struct ClaimedTask: Sendable, Hashable {
    package let tenant: TenantID
    package let id: Int64
    package let job: JobID
    package let kind: TaskKind
    /// Which piece of a `recognise` task, which stretch of a `diarize` task; nil of the others.
    package let part: Int?
    /// 1 at the first try.
    package let attempt: Int
    package let fence: Int64
}

/// A task to be queued.
struct NewTask: Sendable {
    let kind: TaskKind
    let job: JobID
    let tenant: TenantID
    let part: Int?

    init(kind: TaskKind, job: JobID, of tenant: TenantID, part: Int? = nil) {
        self.kind = kind
        self.job = job
        self.tenant = tenant
        self.part = part
    }
}
