import Postgres
import Tenancy

/// The limits that apply to a tenant: its overrides, else its plan's limits.
package struct EffectiveLimits: Sendable, Equatable {
    package let plan: PlanName
    package let limits: LimitValues
    /// The switches that are on.
    package let switches: Set<AccountSwitch>
    package let queuePriority: QueuePriority
    /// The price of overage, in micro-dollars a minute; nil if the plan sells none.
    package let overageRate: Int64?
    /// What a month's overage may cost at most, in cents: the customer's cap or the operator's, whichever is less. Nil: there is no cap.
    package let overageCapCents: Int64?

    /// The largest file, in bytes.
    package var maxFileBytes: Int64 { limits[.maxFileBytes] }
    /// The longest recording, in seconds.
    package var maxDurationSeconds: Int64 { limits[.maxDurationSeconds] }
    /// How many jobs run at the same time.
    package var concurrency: Int { Int(limits[.concurrency]) }
    /// The minutes that a month includes.
    package var monthlyMinutes: Int64 { limits[.monthlyMinutes] }
    package var isOverageEnabled: Bool { switches.contains(.overage) }
    package var isQueueingEnabled: Bool { switches.contains(.queueing) }

    /// How many files may be uploaded to one node at the same time: twice as many as jobs may run, so that others can follow.
    package var uploadsAtOnce: Int { Self.uploadsAtOnce(concurrency: concurrency) }

    package static func uploadsAtOnce(concurrency: Int) -> Int { 2 * max(1, concurrency) }

    package var includedSeconds: Int64 { monthlyMinutes * 60 }

    /// Whether a request with `accept_overage` can buy overage.
    package var sellsOverage: Bool { isOverageEnabled && overageRate != nil }
}

/// The class of a plan's jobs in the queue. Jobs with the smaller raw value start first.
package enum QueuePriority: Int16, Sendable, PostgresCodable {
    case priority = 0
    case normal = 1
}
