import Postgres
import Tenancy

/// One record of the ledger: what a completed job used, and on which terms it was admitted.
package struct LedgerEntry: Sendable, Equatable {
    package let tenant: TenantID
    /// The job's place among the month's admissions.
    package let admission: Int64
    package let job: String
    package let seconds: Int64
    package let plan: PlanName
    /// The month's quota at its admission.
    package let includedSeconds: Int64
    package let acceptsOverage: Bool
    /// Micro-dollars a minute, at its admission; never nil where overage was accepted.
    package let rate: Int64?
    package let admittedAt: Timestamp
    package let settledAt: Timestamp

    package init(
        tenant: TenantID, admission: Int64, job: String, seconds: Int64, plan: PlanName, includedSeconds: Int64,
        acceptsOverage: Bool, rate: Int64?, admittedAt: Timestamp, settledAt: Timestamp
    ) {
        self.tenant = tenant
        self.admission = admission
        self.job = job
        self.seconds = seconds
        self.plan = plan
        self.includedSeconds = includedSeconds
        self.acceptsOverage = acceptsOverage
        self.rate = rate
        self.admittedAt = admittedAt
        self.settledAt = settledAt
    }
}
