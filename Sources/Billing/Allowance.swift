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

    package init(plan: PlanName, maxFileBytes: Int64, maxDurationSeconds: Int64, queueClass: QueueClass) {
        self.plan = plan
        self.maxFileBytes = maxFileBytes
        self.maxDurationSeconds = maxDurationSeconds
        self.queueClass = queueClass
    }
}

/// Which jobs start before others. The raw value is the priority in the queue: smaller goes first.
package enum QueueClass: Int16, Sendable, PostgresCodable {
    case priority = 0
    case normal = 1
}
