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
    /// Of a `prepare` task: its recording is long, or nobody knows. It has a place beside the slots.
    package let isLong: Bool
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
    /// Of a preparation: see ``Preparations``.
    let isLong: Bool

    init(kind: TaskKind, job: JobID, of tenant: TenantID, part: Int? = nil, isLong: Bool = false) {
        self.isLong = isLong
        self.kind = kind
        self.job = job
        self.tenant = tenant
        self.part = part
    }
}
