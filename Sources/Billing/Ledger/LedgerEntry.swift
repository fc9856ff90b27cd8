import Postgres
import Tenancy

/// One usage record of the ledger: what a completed job used, and the terms of its admission.
package struct LedgerEntry: Sendable, Equatable {
    package let tenant: TenantID
    /// The job's place among the month's admissions.
    package let admission: Int64
    package let job: String
    /// Who submitted the job; nil if that is unknown.
    package let submitter: Submitter?
    /// The key's name or the member's e-mail address now; nil if that is unknown.
    package let keyName: String?
    package let seconds: Int64
    package let plan: PlanName
    /// The month's quota when the job was admitted, in seconds.
    package let includedSeconds: Int64
    package let acceptsOverage: Bool
    /// The price of overage when the job was admitted, in micro-dollars a minute; never nil if the job accepts overage.
    package let rate: Int64?
    package let admittedAt: Timestamp
    package let settledAt: Timestamp

    package init(
        tenant: TenantID, admission: Int64, job: String, seconds: Int64, plan: PlanName, includedSeconds: Int64,
        acceptsOverage: Bool, rate: Int64?, admittedAt: Timestamp, settledAt: Timestamp, submitter: Submitter? = nil,
        keyName: String? = nil
    ) {
        self.tenant = tenant
        self.admission = admission
        self.job = job
        self.submitter = submitter
        self.keyName = keyName
        self.seconds = seconds
        self.plan = plan
        self.includedSeconds = includedSeconds
        self.acceptsOverage = acceptsOverage
        self.rate = rate
        self.admittedAt = admittedAt
        self.settledAt = settledAt
    }
}

/// Seconds of a usage record that were reserved together: those of the job's admission, or those of one increase.
package struct LedgerShare: Sendable, Equatable {
    package let entry: LedgerEntry
    /// How many of the record's seconds belong to this share.
    package let seconds: Int64
    /// The month's quota that applies to this share, in seconds.
    package let includedSeconds: Int64
    /// Whether this is the record's last share.
    package let isLast: Bool

    package init(of entry: LedgerEntry, seconds: Int64, includedSeconds: Int64, isLast: Bool) {
        self.entry = entry
        self.seconds = seconds
        self.includedSeconds = includedSeconds
        self.isLast = isLast
    }
}
