import Postgres
import Tenancy

/// What a tenant may do: its plan's limits, with its own where an operator set them.
package struct Allowance: Sendable, Equatable {
    package let plan: PlanName
    /// The largest file, in bytes.
    package let maxFileBytes: Int64
    /// The longest source, in seconds.
    package let maxDurationSeconds: Int64
    package let queueClass: QueueClass
    /// Jobs at once.
    package let concurrency: Int
    /// Included in a month.
    package let monthlyMinutes: Int64
    /// Of a minute over the month's, in millionths of a dollar; nil where the plan sells none.
    package let overageRate: Int64?
    /// The account's switch: whether minutes over the month's are sold to those who accept them.
    package let isOverageEnabled: Bool
    /// The account's switch: whether jobs over the concurrency wait, instead of being refused.
    package let isQueueingEnabled: Bool

    package init(
        plan: PlanName, maxFileBytes: Int64, maxDurationSeconds: Int64, queueClass: QueueClass, concurrency: Int,
        monthlyMinutes: Int64, overageRate: Int64?, isOverageEnabled: Bool = false, isQueueingEnabled: Bool = true
    ) {
        self.plan = plan
        self.maxFileBytes = maxFileBytes
        self.maxDurationSeconds = maxDurationSeconds
        self.queueClass = queueClass
        self.concurrency = concurrency
        self.monthlyMinutes = monthlyMinutes
        self.overageRate = overageRate
        self.isOverageEnabled = isOverageEnabled
        self.isQueueingEnabled = isQueueingEnabled
    }

    /// Files on their way in at once, to one node: as many jobs as may run, and as many again to follow them.
    package var uploadsAtOnce: Int { Self.uploadsAtOnce(concurrency: concurrency) }

    package static func uploadsAtOnce(concurrency: Int) -> Int { 2 * max(1, concurrency) }

    package var includedSeconds: Int64 { monthlyMinutes * 60 }

    /// Whether `accept_overage` would be taken.
    package var sellsOverage: Bool { isOverageEnabled && overageRate != nil }
}

/// Which jobs start before others. The raw value is the priority in the queue: smaller goes first.
package enum QueueClass: Int16, Sendable, PostgresCodable {
    case priority = 0
    case normal = 1
}
