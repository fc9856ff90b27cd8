import Postgres
import Tenancy

/// What a tenant may do: its plan's limits, with its own where an operator set them.
package struct EffectiveLimits: Sendable, Equatable {
    package let plan: PlanName
    package let limits: LimitValues
    /// Those that are on.
    package let switches: Set<AccountSwitch>
    package let queuePriority: QueuePriority
    /// Of a minute over the month's, in millionths of a dollar; nil where the plan sells none.
    package let overageRate: Int64?

    /// The largest file, in bytes.
    package var maxFileBytes: Int64 { limits[.maxFileBytes] }
    /// The longest source, in seconds.
    package var maxDurationSeconds: Int64 { limits[.maxDurationSeconds] }
    /// Jobs at once.
    package var concurrency: Int { Int(limits[.concurrency]) }
    /// Included in a month.
    package var monthlyMinutes: Int64 { limits[.monthlyMinutes] }
    package var isOverageEnabled: Bool { switches.contains(.overage) }
    package var isQueueingEnabled: Bool { switches.contains(.queueing) }

    /// Files on their way in at once, to one node: as many jobs as may run, and as many again to follow them.
    package var uploadsAtOnce: Int { Self.uploadsAtOnce(concurrency: concurrency) }

    package static func uploadsAtOnce(concurrency: Int) -> Int { 2 * max(1, concurrency) }

    package var includedSeconds: Int64 { monthlyMinutes * 60 }

    /// Whether `accept_overage` would be taken.
    package var sellsOverage: Bool { isOverageEnabled && overageRate != nil }
}

/// Which jobs start before others. The raw value is the priority in the queue: smaller goes first.
package enum QueuePriority: Int16, Sendable, PostgresCodable {
    case priority = 0
    case normal = 1
}
